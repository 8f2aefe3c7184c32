package secret

import (
	"slices"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
)

func TestThirdParty(t *testing.T) {
	in := installed{}
	in.addRecord("requests-2.32.0.dist-info/RECORD", []byte("requests/__init__.py,sha256=x,1\r\nsix.py,sha256=y,2\n../bin/run,,\n./odd,,\n\nrequests-2.32.0.dist-info/RECORD,,\n"))
	in.addRecord("python/yaml-6.dist-info/RECORD", []byte("yaml/loader.py,sha256=z,3"))
	in.addRecord("own-1.dist-info/RECORD", []byte("own/handler.py,sha256=q,4\nown-1.dist-info/direct_url.json,sha256=r,5\n"))
	in.addRecord("notes/RECORD", []byte("handler.py,,\n"))
	for path, want := range map[string]bool{
		"requests/adapters.py": true, "six.py": true, "handler.py": false, "python/yaml/x.py": true, "yaml/x.py": false,
		"requests-2.32.0.dist-info/METADATA": true, "node_modules/a/index.js": true, "src/node_modules.js": false, "lib/vendor/a.go": true,
		"python/lib/python3.12/site-packages/a.py": true, "bin/run": false, "odd": false, "": false,
		"own/handler.py": false, "ruby/gems/3.3.0/gems/rack-3.1.0/lib/rack.rb": true,
	} {
		if got := in.owns(path); got != want {
			t.Errorf("owns(%q) = %v, want %v", path, got, want)
		}
	}
}

func TestThirdPartyNeedsStrongEvidence(t *testing.T) {
	weak := `DATABASE_` + `PASSWORD = "super_` + `secret_password_123"`
	strong := `api_key = "` + drawn(alnum, 40, 400) + `"`
	token := sampleChecksummed("gh"+"p_", 401)
	text := weak + "\n" + strong + "\n" + token
	r := examine("k", memory{path: "handler.py", text: text}, memory{path: "boto3/session.py", text: text},
		memory{path: "boto3-1.35.0.dist-info/RECORD", text: "boto3/session.py,sha256=a,10\n"}, memory{path: "node_modules/x/i.js", text: text})
	got := map[string][]string{}
	for _, f := range r.Findings {
		got[f.Location.Path] = append(got[f.Location.Path], f.Rule)
		own, generic := f.Location.Path == "handler.py", f.Rule == "secret-generic-credential"
		if low := f.Confidence == audit.ConfidenceLow; low != (generic && !own) {
			t.Errorf("%s in %s has confidence %s", f.Rule, f.Location.Path, f.Confidence)
		}
	}
	for path, want := range map[string]int{"handler.py": 3, "boto3/session.py": 2, "node_modules/x/i.js": 2} {
		if len(got[path]) != want || !slices.Contains(got[path], "secret-github-token") || !slices.Contains(got[path], "secret-generic-credential") {
			t.Errorf("%s: %v, want %d", path, got[path], want)
		}
	}
}

// A private key that somebody published for everybody is mostly one for tests;
// what a vendor issued is somebody's wherever it lies.
func TestThirdPartyKeys(t *testing.T) {
	text := samplePEM("RSA PRIVATE KEY", "\n", 600, 410)
	locked := samplePEM("ENCRYPTED PRIVATE KEY", "\n", 300, 411)
	token := sampleChecksummed("gh"+"p_", 412)
	r := examine("k", memory{path: "keys/server.key", text: text}, memory{path: "node_modules/agent-base/test/server.key", text: text},
		memory{path: "node_modules/ssh2/test/locked", text: locked}, memory{path: "node_modules/x/token", text: token})
	want := map[string]audit.Confidence{
		"keys/server.key": audit.ConfidenceHigh, "node_modules/agent-base/test/server.key": audit.ConfidenceLow,
		"node_modules/ssh2/test/locked": audit.ConfidenceLow, "node_modules/x/token": audit.ConfidenceHigh,
	}
	if len(r.Findings) != len(want) {
		t.Fatalf("%d findings, want %d", len(r.Findings), len(want))
	}
	for _, f := range r.Findings {
		if f.Confidence != want[f.Location.Path] {
			t.Errorf("%s: confidence %s, want %s", f.Location.Path, f.Confidence, want[f.Location.Path])
		}
		if conditional := strings.HasPrefix(f.Remedy, "if it is your own "); conditional != (f.Confidence == audit.ConfidenceLow) {
			t.Errorf("%s: remedy %q", f.Location.Path, f.Remedy)
		}
	}
}

func FuzzRecord(f *testing.F) {
	f.Add("a.dist-info/RECORD", []byte("a/b.py,sha256=x,1\n\"a,b\".py,,\n"), "a/b.py")
	f.Add("RECORD", []byte(",\n/\n..\n"), "x")
	f.Fuzz(func(t *testing.T, name string, data []byte, path string) {
		in := installed{}
		in.addRecord(name, data)
		for folder := range in {
			if !in.owns(folder) || !in.owns(folder+"/x") {
				t.Errorf("%q was recorded and is not owned", folder)
			}
		}
		in.owns(path)
	})
}

func TestOfDistribution(t *testing.T) {
	for path, want := range map[string]bool{
		"usr/lib/x86_64-linux-gnu/libgnutls.so.30": true, "lib64/libc.so.6": true, "usr/share/doc/x/key.pem": true,
		"usr/local/app/key.pem": false, "var/task/key.pem": false, "opt/usr/lib/key.pem": false, "etc/ssl/private/key.pem": false, "library/x": false,
	} {
		if got := ofDistribution(path); got != want {
			t.Errorf("ofDistribution(%q) = %v, want %v", path, got, want)
		}
	}
}
