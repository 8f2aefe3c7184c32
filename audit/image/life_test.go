package image

import (
	"slices"
	"strings"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
)

func TestOSEndOfLife(t *testing.T) {
	for _, tc := range []struct {
		release, at, says string
		severity          audit.Severity
	}{
		{"ID=debian\nVERSION_ID=\"10\"\n", "2026-11-22", "Debian 10 has had no security updates since 2024-06-30", audit.SeverityHigh},
		{"ID=debian\nVERSION_ID=\"12\"\n", "2026-11-22", "", 0},
		{"ID=debian\nVERSION_ID=6\n", "2026-11-22", `"debian 6" has had no`, audit.SeverityHigh},
		{"ID=debian\nVERSION_ID=99\n", "2026-11-22", "", 0},
		{"PRETTY_NAME=\"Debian trixie/sid\"\nID=debian\n", "2026-11-22", "", 0},
		{"ID=\"amzn\"\nVERSION_ID=\"2\"\n", "2026-03-31", "", 0},
		{"ID=\"amzn\"\nVERSION_ID=\"2\"\n", "2026-04-02", "Amazon Linux 2 gets no security updates after 2026-06-30", audit.SeverityMedium},
		{"ID=\"amzn\"\nVERSION_ID=\"2\"\n", "2026-06-30", "gets no security updates after", audit.SeverityMedium},
		{"ID=\"amzn\"\nVERSION_ID=\"2\"\n", "2026-07-01", "has had no security updates since 2026-06-30", audit.SeverityHigh},
		{"ID='amzn'\nVERSION_ID='2018.03'\n", "2026-11-22", "Amazon Linux 1", audit.SeverityHigh},
		{"ID=amzn\nVERSION_ID=2023\n", "2026-11-22", "", 0},
		{"ID=alpine\nVERSION_ID=3.20.7\n", "2026-11-22", "Alpine 3.20", audit.SeverityHigh},
		{"ID=alpine\nVERSION_ID=3.9.6\n", "2026-11-22", `"alpine 3.9"`, audit.SeverityHigh},
		{"ID=alpine\nVERSION_ID=3.23.0\n", "2026-11-22", "", 0},
		{"ID=alpine\nVERSION_ID=3.21.0_alpha20240807\n", "2026-11-22", "", 0},
		{"ID=ubuntu\nVERSION_ID=\"24.10\"\n", "2026-11-22", "Ubuntu 24.10", audit.SeverityHigh},
		{"ID=ubuntu\nVERSION_ID=\"24.04\"\n", "2026-11-22", "", 0},
		{"ID=\"rocky\"\nVERSION_ID=\"9.4\"\n", "2026-11-22", "", 0},
		{"ID=\"centos\"\nVERSION_ID=\"7\"\n", "2026-11-22", "CentOS 7", audit.SeverityHigh},
		{"ID=rhel\nVERSION_ID=7.9\n", "2026-11-22", "Red Hat Enterprise Linux 7", audit.SeverityHigh},
		{"ID=wolfi\nVERSION_ID=20230201\n", "2026-11-22", "", 0},
		{"ID=debian\nVERSION_ID=\n", "2026-11-22", "", 0},
		{"", "2026-11-22", "", 0},
	} {
		r := check(Options{Clock: clockAt(tc.at)}, bare(tc.release), packages{})
		f := expect(t, r, ruleOSEndOfLife, tc.says)
		if f.Severity != tc.severity {
			t.Errorf("%q at %s: severity %s, want %s", tc.release, tc.at, f.Severity, tc.severity)
		}
		if tc.says != "" && (f.Origin != audit.OriginBase || f.Location != (audit.Location{Path: osReleaseUsr, Layer: diffID(1)})) {
			t.Errorf("%q: origin %s, location %+v", tc.release, f.Origin, f.Location)
		}
	}
}

func TestEtcWins(t *testing.T) {
	f := bare("ID=debian\nVERSION_ID=10\n")
	f.add(osReleaseEtc, "ID=debian\nVERSION_ID=13\n", 0o644)
	expect(t, check(Options{}, f, packages{}), ruleOSEndOfLife, "")
	f.layer("RUN rm /etc/os-release")
	f.remove(osReleaseEtc)
	expect(t, check(Options{}, f, packages{}), ruleOSEndOfLife, "Debian 10")
}

func TestStaleTables(t *testing.T) {
	young := bare("ID=alpine\nVERSION_ID=3.99.0\n")
	f := expect(t, check(Options{Clock: clockAt("2027-11-23")}, young, packages{}), ruleOSEndOfLife, "are of 2026-11-22, more than 12 months old")
	if f.Severity != audit.SeverityInfo {
		t.Errorf("severity %s, want info", f.Severity)
	}
	expect(t, check(Options{Clock: clockAt("2027-11-20")}, young, packages{}), ruleOSEndOfLife, "")
}

func TestLifetimeTables(t *testing.T) {
	for _, table := range [][]lifetime{osLifetimes(), runtimeLifetimes()} {
		seen := map[string]bool{}
		for _, l := range table {
			if seen[l.id] || l.name == "" || l.end.Year() < 2018 || l.end.Year() > 2040 {
				t.Errorf("entry %+v is incomplete or there twice", l)
			}
			seen[l.id] = true
		}
	}
	for _, l := range osLifetimes() {
		id, version, _ := strings.Cut(l.id, " ")
		if got := (system{id: id, version: version}).release(); got != l.id {
			t.Errorf("nothing leads to %q: its own version gives %q", l.id, got)
		}
		if found, ok := lifetimeOf(l.id); !ok || found != l {
			t.Errorf("%q leads to %+v", l.id, found)
		}
	}
}

func TestRuntimeDeprecated(t *testing.T) {
	java := func(system, version string) *fake {
		f := aws(system)
		f.add(javaRelease, "IMPLEMENTOR=\"Amazon\"\nJAVA_VERSION=\""+version+"\"\n", 0o644)
		return f
	}
	ruby := aws("2023")
	ruby.add(langDir+"/lib/ruby/3.2.0/set.rb", "", 0o644)
	ruby.add(langDir+"/lib/ruby/gems/x", "", 0o644)
	dotnet := aws("2023")
	dotnet.add(langDir+"/bin/shared/Microsoft.NETCore.App/8.0.11/a.dll", "", 0o644)
	oldDotnet := aws("2")
	oldDotnet.add(langDir+"/bin/shared/Microsoft.NETCore.App/3.1.32/a.dll", "", 0o644)
	nodeAlone, nodeUnknown := aws("2023"), aws("2023")
	nodeAlone.add(langDir+"/bin/node", "\x7fELF"+strings.Repeat("\x00", 256<<10-5)+"v1.2.3\x00v18.20.4\x00", 0o755)
	nodeUnknown.add(langDir+"/bin/node", "\x7fELF v18.20.4 x", 0o755)
	byName := aws("2")
	byName.env("AWS_EXECUTION_ENV", "AWS_Lambda_java11")
	forged := bare("ID=debian\nVERSION_ID=13\n")
	forged.add(langDir+"/bin/python3.8", "", 0o755)
	for name, tc := range map[string]struct {
		image    *fake
		at, says string
	}{
		"python 3.9":             {python("3.9"), "", "python3.9, which AWS deprecated on 2025-12-15"},
		"python 3.13":            {python("3.13"), "", ""},
		"python on the day":      {python("3.10"), "2026-10-31", "deprecated on"},
		"python the day before":  {python("3.10"), "2026-10-30", "deprecates on 2026-10-31"},
		"python 91 days before":  {python("3.10"), "2026-08-01", ""},
		"node 20":                {node("20"), "", "nodejs20.x"},
		"node 24":                {node("24"), "", ""},
		"node without headers":   {nodeAlone, "", "nodejs18.x"},
		"node, version unknown":  {nodeUnknown, "", ""},
		"node preview":           {node("26"), "", ""},
		"java 8 on 1":            {java("2018.03", "1.8.0_432"), "", "java8,"},
		"java 8 on 2":            {java("2", "1.8.0_432"), "2027-07-01", "java8.al2,"},
		"java 11 on 2":           {java("2", "11.0.25"), "2027-07-01", "java11,"},
		"java 11 on 2023":        {java("2023", "11.0.25"), "2027-07-01", ""},
		"java 21":                {java("2023", "21.0.5"), "", ""},
		"ruby 3.2":               {ruby, "", "ruby3.2"},
		"dotnet 8":               {dotnet, "", "dotnet8"},
		"dotnet core":            {oldDotnet, "", "dotnetcore3.1"},
		"by the environment":     {byName, "2027-07-01", "java11,"},
		"provided 2":             {aws("2"), "", "provided.al2,"},
		"provided 2023":          {aws("2023"), "", ""},
		"not a base of AWS":      {forged, "", ""},
		"an alpine with Python":  {bare("ID=alpine\nVERSION_ID=3.23.1\n"), "", ""},
		"amazon linux unnatural": {aws("x\ny"), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{}
			if tc.at != "" {
				o.Clock = clockAt(tc.at)
			}
			f := expect(t, check(o, tc.image, packages{}), ruleRuntimeDeprecated, tc.says)
			if tc.says != "" && (f.Severity == audit.SeverityHigh) == strings.Contains(tc.says, "deprecates") {
				t.Errorf("severity %s", f.Severity)
			}
		})
	}
}

func TestOlder(t *testing.T) {
	versions := []string{"2", "3", "3.9", "3.15", "8.0.11", "10.0.0", "2018.03"}
	if !slices.IsSortedFunc(versions, func(a, b string) int {
		if older(a, b) {
			return -1
		}
		return 1
	}) {
		t.Error("versions are compared as text")
	}
}

func FuzzOSRelease(f *testing.F) {
	f.Add([]byte("ID=debian\nVERSION_ID=\"12\"\n"))
	f.Add([]byte("ID=alpine\nVERSION_ID=3.x\n=\n#a=b\n\"=\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		files := collected{telling: []telling{{content: data}}}
		files.telling[0].info.Path = osReleaseEtc
		s := files.system()
		if release := s.release(); release != "" && !strings.HasPrefix(release, s.id+" ") {
			t.Errorf("release %q of %q", release, s.id)
		}
		lifetimeOf(s.release())
	})
}
