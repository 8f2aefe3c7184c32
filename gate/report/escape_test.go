package report

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestEscape(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"plain", "src/config.js:12", "src/config.js:12"},
		{"one space stays", "my file.txt", "my file.txt"},
		{"spaces that push text away", "a   b", `a \x20\x20b`},
		{"spaces at the ends", " a ", `\x20a\x20`},
		{"only a space", " ", `\x20`},
		{"letters of other scripts", "naïve/日本語/שלום/हिन्दी", "naïve/日本語/שלום/हिन्दी"},
		{"emoji", "ship-🚀.js", "ship-🚀.js"},
		{"ellipsis of evidence", "AKIA… (20 characters)", "AKIA… (20 characters)"},
		{"newline", "a\nPASS", `a\nPASS`},
		{"carriage return and tab", "a\r\tb", `a\r\tb`},
		{"terminal escape", "\x1b[2J\x1b]0;title\a", `\x1b[2J\x1b]0;title\x07`},
		{"nul and delete", "\x00\x7f", `\x00\x7f`},
		{"C1 control sequence introducer", "\u009b31m", `\u009b31m`},
		{"right-to-left override", "\u202egpj.exe", `\u202egpj.exe`},
		{"isolates", "\u2066x\u2069", `\u2066x\u2069`},
		{"marks of direction", "\u200e\u200f\u061c", `\u200e\u200f\u061c`},
		{"zero width", "lo\u200bd\u200da\u2060sh\ufeff", `lo\u200bd\u200da\u2060sh\ufeff`},
		{"soft hyphen", "lo\u00addash", `lo\u00addash`},
		{"line and paragraph separators", "\u2028\u2029", `\u2028\u2029`},
		{"spaces that are not plain", "a\u00a0b\u3000c", `a\u00a0b\u3000c`},
		{"fillers", "\u115f\u3164\uffa0\u034f\u180e\u2800", `\u115f\u3164\uffa0\u034f\u180e\u2800`},
		{"variation selectors", "a\ufe0f\U000e0101", `a\ufe0f\U000e0101`},
		{"tags", "\U000e0041", `\U000e0041`},
		{"private use and unassigned", "\ue000\u0378", `\ue000\u0378`},
		{"not UTF-8", "a\xff\xc3(", `a\xff\xc3(`},
		{"the replacement character itself", "\ufffd", "\ufffd"},
		{"a mark on what came before", "\u0301a", `\u0301a`},
		{"accents", "e\u0301\u0323", "e\u0301\u0323"},
		{"a heap of marks", "e\u0301\u0301\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301\u0301" + `\u0301\u0301`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := escape(c.in); got != c.want {
				t.Errorf("escape(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestSpellInvalid(t *testing.T) {
	for in, want := range map[string]string{
		"a\x1b\u202eé": "a\x1b\u202eé",
		"\xffa\xc3(":   `\xffa\xc3(`,
		"\ufffd":       "\ufffd",
	} {
		if got := spellInvalid(in); got != want {
			t.Errorf("spellInvalid(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzEscape(f *testing.F) {
	for _, seed := range []string{"", "a  b ", "\x1b[2J\n", "\u202e\u200b\xff", "e\u0301\u0301\u0301\u0301\u0301", "日本語"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := escape(s)
		if !utf8.ValidString(got) {
			t.Fatalf("escape(%q) = %q is not UTF-8", s, got)
		}
		for _, r := range got {
			if !unicode.IsPrint(r) || unicode.Is(unicode.Cf, r) {
				t.Fatalf("escape(%q) = %q lets %U through", s, got, r)
			}
		}
		if strings.Contains(got, "  ") || strings.Trim(got, " ") != got {
			t.Fatalf("escape(%q) = %q has spaces to move text with", s, got)
		}
		if again := escape(got); again != got {
			t.Fatalf("escape(%q) = %q, and again %q", s, got, again)
		}
		sameJSON(t, s)
	})
}

// sameJSON checks that escapeJSON keeps the value and hides nothing.
func sameJSON(t *testing.T, s string) {
	t.Helper()
	encoded, err := json.Marshal(map[string]string{s: s})
	if err != nil {
		t.Fatal(err)
	}
	got := escapeJSON(encoded)
	for _, r := range string(got) {
		if !visible(r) {
			t.Fatalf("JSON of %q lets %U through: %q", s, r, got)
		}
	}
	var before, after map[string]string
	if err := json.Unmarshal(encoded, &before); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(got, &after); err != nil {
		t.Fatal(err)
	}
	for k, v := range before {
		if after[k] != v || len(after) != len(before) {
			t.Fatalf("JSON of %q reads %q instead of %q", s, after, before)
		}
	}
}
