package image

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
)

func TestPrivateFiles(t *testing.T) {
	for _, tc := range []struct {
		path, says string
		severity   audit.Severity
	}{
		{"root/.ssh/id_ed25519", "SSH private key", audit.SeverityHigh},
		{"root/.ssh/id_ed25519.pub", "", 0},
		{"root/.ssh/known_hosts", "", 0},
		{"etc/ssh/ssh_host_rsa_key", "SSH private key", audit.SeverityHigh},
		{"etc/ssh/ssh_host_rsa_key.pub", "", 0},
		{"root/.aws/credentials", "file of access keys", audit.SeverityHigh},
		{"root/.aws/config", "", 0},
		{"root/.docker/config.json", "logins", audit.SeverityHigh},
		{"var/task/config.json", "", 0},
		{"home/x/.netrc", "logins", audit.SeverityHigh},
		{"var/task/.git/HEAD", "git repository", audit.SeverityMedium},
		{"var/task/.git", "", 0},
		{"var/task/.gitignore", "", 0},
		{"var/task/.github/config", "", 0},
		{"var/task/.env", "environment variables", audit.SeverityMedium},
		{"var/task/.env.production", "environment variables", audit.SeverityMedium},
		{"var/task/.env.example", "", 0},
		{"var/task/env.py", "", 0},
		{"var/task/node_modules/x/.env", "", 0},
		{"var/task/.npmrc", "npm's configuration", audit.SeverityMedium},
		{"var/lang/lib/node_modules/npm/.npmrc", "", 0},
		{"app.zip!/x/.env", "environment variables", audit.SeverityMedium},
	} {
		f := python("3.13")
		f.files = append(f.files, fakeFile{path: tc.path, text: "x", mode: 0o644, layer: 2})
		got := expect(t, check(Options{}, f, packages{}), rulePrivateFile, tc.says)
		if got.Severity != tc.severity || tc.says != "" && !strings.Contains(got.Remedy, ".dockerignore") {
			t.Errorf("%s: severity %s, remedy %q", tc.path, got.Severity, got.Remedy)
		}
	}
}

func TestDeletedPrivateFile(t *testing.T) {
	f := python("3.13")
	f.layer("COPY .env")
	f.add("var/task/.env", "A=b\n", 0o644)
	f.layer("RUN true")
	f.layer("RUN rm .env")
	f.remove("var/task/.env")
	got := expect(t, check(Options{}, f, packages{}), rulePrivateFile, ", deleted in layer 5, still in layer 3")
	if got.Location != (audit.Location{Path: "var/task/.env", Layer: diffID(3)}) || len(got.Related) != 1 ||
		got.Related[0] != (audit.Location{Path: "var/task/.env", Layer: diffID(5)}) {
		t.Errorf("location %+v, related %+v", got.Location, got.Related)
	}
	f.layer("COPY .env")
	f.add("var/task/.env", "A=c\n", 0o644)
	if found := of(check(Options{}, f, packages{}), rulePrivateFile); len(found) != 1 || len(found[0].Related) != 2 {
		t.Errorf("%+v, want one finding with the other places", found)
	}
	f.remove("var/task/.env")
	f.files = append(f.files, fakeFile{path: "x/.env", mode: 0o644, layer: 9, hidden: 10})
	expect(t, check(Options{}, &fake{image: f.image, files: f.files[len(f.files)-1:]}, packages{}), rulePrivateFile, "deleted in a layer, still in a layer")
}

func TestReplacedPrivateFile(t *testing.T) {
	f := python("3.13")
	f.add("root/.ssh/id_rsa/placeholder", "", 0o644) // a folder takes its place
	f.files = append(f.files, fakeFile{path: "root/.ssh/id_rsa", mode: 0o600, layer: 1, hidden: 2})
	expect(t, check(Options{}, f, packages{}), rulePrivateFile, ", replaced in layer 2, still in layer 1")
}

func TestGitRepositoryIsOneFinding(t *testing.T) {
	f := python("3.13")
	f.add("var/task/.git/HEAD", "ref: refs/heads/main\n", 0o644)
	f.add("var/task/.git/config", "[core]\n", 0o644)
	f.add("var/task/lib/.git/HEAD", "ref: refs/heads/main\n", 0o644)
	if found := of(check(Options{}, f, packages{}), rulePrivateFile); len(found) != 2 {
		t.Errorf("%d findings, want one for each repository", len(found))
	}
}

func TestSetuid(t *testing.T) {
	f := bare("ID=debian\nVERSION_ID=13\n")
	f.add("usr/bin/su", "x", fs.ModeSetuid|0o755)
	f.add("usr/bin/wall", "x", fs.ModeSetgid|0o755)
	f.add("usr/bin/gone", "x", fs.ModeSetuid|0o755)
	f.layer("RUN")
	f.remove("usr/bin/gone")
	f.add("var/task/helper", "x", fs.ModeSetuid|0o755)
	f.add("var/task/plain", "x", 0o755)
	f.add("var/task/a.zip!/helper", "x", fs.ModeSetuid|0o755)
	found := of(check(Options{}, f, packages{}), ruleSetuid)
	if len(found) != 2 {
		t.Fatalf("%d findings, want one for the base and one for the own file: %+v", len(found), found)
	}
	for _, got := range found {
		switch got.Origin {
		case audit.OriginBase:
			if !strings.Contains(got.Message, `2 setuid or setgid files, such as "/usr/bin/su"`) || len(got.Related) != 1 {
				t.Errorf("base: %q, %v", got.Message, got.Related)
			}
		default:
			if !strings.Contains(got.Message, `"/var/task/helper"`) {
				t.Errorf("own: %q", got.Message)
			}
		}
	}
}

func TestPackageCache(t *testing.T) {
	file := func(name string, mib float64, layer, hidden int) fakeFile {
		return fakeFile{path: name, size: int64(mib * (1 << 20)), mode: 0o644, layer: layer, hidden: hidden}
	}
	for name, tc := range map[string]struct {
		files []fakeFile
		want  []string
	}{
		"lists":           {[]fakeFile{file("var/lib/apt/lists/a", 10, 2, 0), file("var/lib/apt/lists/b", 2.5, 2, 0)}, []string{"apt left 12.5 MiB in 2 files"}},
		"small":           {[]fakeFile{file("var/lib/apt/lists/lock", 0.5, 2, 0)}, nil},
		"another folder":  {[]fakeFile{file("var/lib/dpkg/status", 50, 2, 0)}, nil},
		"deleted later":   {[]fakeFile{file("var/cache/apk/x", 3, 2, 3)}, []string{"apk left 3.0 MiB"}},
		"two kinds":       {[]fakeFile{file("root/.cache/pip/x", 3, 2, 0), file("var/cache/dnf/x", 4, 2, 0)}, []string{"dnf left 4.0", "pip left 3.0"}},
		"two origins":     {[]fakeFile{file("var/cache/yum/x", 3, 1, 0), file("var/cache/yum/y", 4, 2, 0)}, []string{"yum left 3.0", "yum left 4.0"}},
		"in an archive":   {[]fakeFile{file("var/cache/yum/x.zip!/y", 3, 2, 0)}, nil},
		"npm, not global": {[]fakeFile{file("root/.npm/_logs/x", 3, 2, 0)}, nil},
	} {
		f := python("3.13")
		f.files = append(f.files, tc.files...)
		var got []string
		for _, finding := range of(check(Options{}, f, packages{}), rulePackageCache) {
			got = append(got, finding.Message)
		}
		if len(got) != len(tc.want) {
			t.Errorf("%s: %q, want %q", name, got, tc.want)
			continue
		}
		for _, want := range tc.want {
			if !strings.Contains(strings.Join(got, "\n"), want) {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	}
}

func TestTooManyFiles(t *testing.T) {
	f := python("3.13")
	for i := range mostListed + 1 {
		f.files = append(f.files,
			fakeFile{path: fmt.Sprintf("a/%d/.env", i), mode: 0o644, layer: 2},
			fakeFile{path: fmt.Sprintf("b/%d", i), mode: fs.ModeSetuid | 0o755, layer: 2})
	}
	r := check(Options{}, f, packages{})
	if o := r.Outcomes[0]; o.Status != audit.StatusPartial || len(o.Problems) != 2 {
		t.Errorf("outcome %s, %d problems, want partial and one of each sort", o.Status, len(o.Problems))
	}
}

func TestLongOSRelease(t *testing.T) {
	for _, file := range []fakeFile{
		{path: osReleaseEtc, text: strings.Repeat("#", longestTelling+1), mode: 0o644, layer: 2},
		{path: osReleaseEtc, size: 1 << 30, mode: 0o644, layer: 2},
	} {
		f := python("3.13")
		f.files = append(f.files, file)
		if o := check(Options{}, f, packages{}).Outcomes[0]; o.Status != audit.StatusPartial || !strings.Contains(o.Reason, "is longer than") {
			t.Errorf("outcome %+v, want partial", o)
		}
	}
}
