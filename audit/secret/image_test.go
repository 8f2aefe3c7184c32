package secret

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/artifact"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

// layered is an image in memory: files that know their layers, and what it says
// of itself.
type layered struct {
	tree
	image audit.Image
	final fstest.MapFS
}

func (layered) Kind() audit.Kind     { return audit.KindImage }
func (l layered) FS() fs.FS          { return l.final }
func (l layered) Image() audit.Image { return l.image }
func (l layered) Walk(ctx context.Context, visit func(context.Context, audit.File) error, _ func(audit.Problem)) error {
	for _, f := range l.files {
		if err := visit(ctx, inLayer{f}); err != nil {
			return err
		}
	}
	return nil
}

// inLayer is a file of layer one that layer three hides if its path says so.
type inLayer struct{ memory }

func (f inLayer) Info() audit.FileInfo {
	info := f.memory.Info()
	info.Layer, info.Origin = "sha256:1", audit.OriginBase
	if strings.Contains(info.Path, "gone") || strings.Contains(info.Path, "again") {
		info.HiddenBy = "sha256:3"
	}
	return info
}

func examineImage(img audit.Image, files ...memory) audit.Result {
	a := layered{tree: tree{files}, image: img, final: fstest.MapFS{"again.env": {Data: []byte("x")}, "again.jar": {}}}
	return audit.Run(context.Background(), []audit.Target{{Name: "fn", Artifact: a}},
		audit.Options{Inspectors: []audit.Inspector{New(Options{Key: []byte("k")})}})
}

func threeLayers() []audit.ImageLayer {
	return []audit.ImageLayer{
		{DiffID: "sha256:1", Number: 1, Origin: audit.OriginBase},
		{DiffID: "sha256:2", Number: 2, Origin: audit.OriginOwn},
		{DiffID: "sha256:3", Number: 3, Origin: audit.OriginOwn},
	}
}

func TestHiddenFiles(t *testing.T) {
	token := sampleChecksummed("gh"+"p_", 500)
	for _, tc := range []struct{ path, suffix string }{
		{"gone.env", ", deleted in layer 3, still in layer 1"},
		{"again.env", ", replaced in layer 3, still in layer 1"},
		{"again.jar!/a.env", ", replaced in layer 3, still in layer 1"},
		{"kept.env", ""},
	} {
		r := examineImage(audit.Image{Layers: threeLayers()}, memory{path: tc.path, text: token})
		if len(r.Findings) != 1 {
			t.Fatalf("%s: %d findings, want 1", tc.path, len(r.Findings))
		}
		f := r.Findings[0]
		if tc.suffix == "" {
			if strings.Contains(f.Message, "layer") || len(f.Related) != 0 {
				t.Errorf("%s: message %q, related %v, want nothing of layers", tc.path, f.Message, f.Related)
			}
			continue
		}
		if !strings.HasSuffix(f.Message, tc.suffix) {
			t.Errorf("%s: message %q, want it to end with %q", tc.path, f.Message, tc.suffix)
		}
		if f.Location.Layer != "sha256:1" || len(f.Related) != 1 || f.Related[0] != (audit.Location{Path: tc.path, Layer: "sha256:3"}) || f.Origin != audit.OriginBase {
			t.Errorf("%s: location %+v, related %+v, origin %s", tc.path, f.Location, f.Related, f.Origin)
		}
	}
}

func TestImageConfiguration(t *testing.T) {
	weak, strong := "hunter"+"2", drawn(alnum, 32, 501)
	token := sampleChecksummed("gh"+"p_", 502)
	env := func(name, value string) audit.Image {
		return audit.Image{Config: audit.ImageConfig{Env: []audit.EnvVar{{Name: name, Value: audit.NewSecret(value)}}}}
	}
	label := func(name, value string) audit.Image {
		return audit.Image{Config: audit.ImageConfig{Labels: map[string]audit.Secret{name: audit.NewSecret(value)}}}
	}
	step := func(text string) audit.Image {
		return audit.Image{History: []audit.BuildStep{{}, {CreatedBy: audit.NewSecret(text)}}}
	}
	const generic = "secret-generic-credential"
	for name, tc := range map[string]struct {
		img                        audit.Image
		rule, in, evidence, hidden string
	}{
		"weak password":       {env("DB_PASSWORD", weak), generic, "credential in environment variable DB_PASSWORD", "DB_PASSWORD=… (7 characters)", weak},
		"password with words": {env("DB_PASSWORD", "correct-horse-battery"), generic, "environment variable DB_PASSWORD", "DB_PASSWORD=…", "horse"},
		"secret":              {env("JWT_SECRET", strong), generic, "environment variable JWT_SECRET", "JWT_SECRET=…", strong},
		"token":               {env("GITHUB", token), "secret-github-token", "GitHub token in environment variable GITHUB", "GITHUB=gh" + "p_… (40 characters)", token},
		"URL":                 {env("DATABASE_URL", "postgres://app:violet-"+"Harbor-4417@db/x"), generic, "environment variable DATABASE_URL", "DATABASE_URL=…", "Harbor"},
		"secret key":          {env("AWS_SECRET_ACCESS_KEY", sampleSecretKey(503)), "secret-aws-secret-key", "environment variable AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY=", sampleSecretKey(503)},
		"JSON value":          {env("CONFIG", `{"password":"violet-`+`Harbor-4417"}`), generic, "environment variable CONFIG", "CONFIG=password=…", "Harbor"},
		"label":               {label("ci.token", token), "secret-github-token", "label ci.token", "ci.token=gh" + "p_…", token},
		"annotation":          {audit.Image{Annotations: map[string]string{"note": token}}, "secret-github-token", "annotation note", "note=gh", token},
		"command":             {audit.Image{Config: audit.ImageConfig{Cmd: []string{"serve", "--api-token=" + strong}}}, generic, "api-token in the command", "api-token=…", strong},
		"classic build arg":   {step("|2 NPM_TOKEN=" + token + " V=1 /bin/sh -c npm ci"), "secret-github-token", "NPM_TOKEN in build step 2", "NPM_TOKEN=gh" + "p_…", token},
		"BuildKit build arg":  {step("RUN |1 DB_PASSWORD=" + weak + " /bin/sh -c make # buildkit"), generic, "DB_PASSWORD in build step 2", "DB_PASSWORD=… (7 characters)", weak},
		"ARG with a default":  {step("ARG API_SECRET=" + strong), generic, "API_SECRET in build step 2", "API_SECRET=…", strong},
		"quoted in RUN":       {step(`RUN /bin/sh -c export DB_PASSWORD="` + weak + ` x" && make`), "", "", "", weak},
		"RUN with a flag":     {step("RUN /bin/sh -c login --password='" + weak + "' && make"), generic, "password in build step 2", "password=…", weak},
		"PEM in a variable":   {env("KEY", samplePEM("RSA PRIVATE KEY", "\n", 1200, 504)), "secret-private-key", "environment variable KEY", "KEY=", "MII"},

		"path":              {img: env("DB_PASSWORD_FILE", "/run/secrets/db")},
		"working folder":    {img: env("PWD", "/var/task1")},
		"ARN":               {img: env("DB_SECRET", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:db-4417")},
		"name of a secret":  {img: env("DB_SECRET", "rds-credentials-prod")},
		"placeholder":       {img: env("DB_PASSWORD", "changeme")},
		"switch":            {img: env("DB_PASSWORD", "required")},
		"key of a table":    {img: env("PRIMARY_KEY", "customer-id-17")},
		"variable in RUN":   {img: step("RUN /bin/sh -c login --password=$DB_PASSWORD && make")},
		"command in RUN":    {img: step("RUN /bin/sh -c PASSWORD=$(cat /run/secrets/db) make")},
		"ARG, no default":   {img: step("ARG DB_PASSWORD")},
		"ordinary settings": {img: env("PATH", "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin")},
	} {
		t.Run(name, func(t *testing.T) {
			r := examineImage(tc.img)
			if r.Outcomes[0].Status != audit.StatusComplete {
				t.Errorf("outcome %+v", r.Outcomes[0])
			}
			if tc.rule == "" {
				if len(r.Findings) != 0 {
					t.Errorf("findings %+v, want none", r.Findings)
				}
				return
			}
			if len(r.Findings) != 1 {
				t.Fatalf("%d findings, want 1: %+v", len(r.Findings), r.Findings)
			}
			f := r.Findings[0]
			if f.Rule != tc.rule || f.Location.Path != "config.json" || f.Confidence < audit.ConfidenceMedium ||
				!strings.Contains(f.Message, tc.in) || !strings.HasPrefix(f.Evidence, tc.evidence) {
				t.Errorf("%s (%s) at %q: message %q, evidence %q", f.Rule, f.Confidence, f.Location.Path, f.Message, f.Evidence)
			}
			if all := fmt.Sprintf("%#v", r); strings.Contains(all, tc.hidden) {
				t.Errorf("the result holds the value: %s", all)
			}
		})
	}
}

// TestImageValueIsOneFinding: a build argument stands in every later step, and
// ENV is a step too.
func TestImageValueIsOneFinding(t *testing.T) {
	weak := "hunter" + "2"
	img := audit.Image{
		Config: audit.ImageConfig{Env: []audit.EnvVar{{Name: "DB_PASSWORD", Value: audit.NewSecret(weak)}}},
		History: []audit.BuildStep{
			{CreatedBy: audit.NewSecret("ENV DB_PASSWORD=" + weak), Empty: true},
			{CreatedBy: audit.NewSecret("RUN |1 DB_PASSWORD=" + weak + " /bin/sh -c make")},
		},
	}
	r := examineImage(img)
	if len(r.Findings) != 1 || !strings.Contains(r.Findings[0].Message, "environment variable DB_PASSWORD") {
		t.Fatalf("findings %+v, want the variable's alone", r.Findings)
	}
	variable := r.Findings[0].Fingerprint
	img.Config.Env = nil
	if r = examineImage(img); len(r.Findings) != 1 || r.Findings[0].Fingerprint != variable {
		t.Errorf("findings %+v, want one with the same fingerprint", r.Findings)
	}
}

func TestStepOrigin(t *testing.T) {
	arg := func(i uint32) audit.BuildStep {
		return audit.BuildStep{CreatedBy: audit.NewSecret("RUN |1 T=" + sampleChecksummed("gh"+"p_", 510+i) + " make")}
	}
	empty := arg(3)
	empty.Empty = true
	img := audit.Image{Layers: threeLayers(), History: []audit.BuildStep{arg(0), arg(1), empty, arg(2)}}
	r := examineImage(img)
	got := map[string]string{}
	for _, f := range r.Findings {
		number := f.Message[strings.Index(f.Message, "step ")+5:][:1]
		got[number] = string(f.Origin) + " " + f.Location.Layer
	}
	want := map[string]string{"1": "base sha256:1", "2": "own sha256:2", "3": "own ", "4": "own sha256:3"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("steps %v, want %v", got, want)
	}
	img.Layers = img.Layers[:2]
	for _, f := range examineImage(img).Findings {
		if f.Location.Layer != "" || f.Origin != audit.OriginOwn {
			t.Errorf("a history that does not fit the layers: %+v, %s", f.Location, f.Origin)
		}
	}
}

func TestTooManyInConfiguration(t *testing.T) {
	var img audit.Image
	for i := range maxValues + 1 {
		img.Config.Env = append(img.Config.Env, audit.EnvVar{Name: "T", Value: audit.NewSecret(sampleChecksummed("gh"+"p_", uint32(i)))})
	}
	r := examineImage(img)
	if o := r.Outcomes[0]; o.Status != audit.StatusPartial || !strings.Contains(o.Reason, "config.json") || len(r.Findings) == 0 {
		t.Errorf("%d findings, outcome %+v, want partial", len(r.Findings), o)
	}
}

func FuzzCommand(f *testing.F) {
	f.Add("|2 NPM_TOKEN=abc V=1 /bin/sh -c npm ci", "DB_PASSWORD")
	f.Add(`RUN x --password='a b' Y="`, "a.token")
	e := newEngine(detectors())
	f.Fuzz(func(t *testing.T, text, name string) {
		for _, scan := range []func() (valueMatches, error){
			func() (valueMatches, error) { return e.command(context.Background(), text, plainHash) },
			func() (valueMatches, error) { return e.value(context.Background(), name, text, plainHash) },
		} {
			found, err := scan()
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range found.matches {
				if m.start >= m.end || m.hash == "" || !strings.Contains(name+"="+text, m.hash) {
					t.Errorf("bad match %s", describe([]settled{m.settled}))
				}
			}
		}
	})
}

// TestRealImage: a file that one layer adds and the next deletes, a build
// argument and a variable, in an image made of bytes.
func TestRealImage(t *testing.T) {
	ctx := context.Background()
	inFile, inStep, weak := sampleChecksummed("gh"+"p_", 520), sampleChecksummed("gh"+"p_", 521), "hunter"+"2"
	img := audittest.LambdaBase("python3.13")
	img.Steps = append(img.Steps,
		audittest.Step{CreatedBy: "COPY .env /var/task/", Files: map[string]string{"var/task/.env": "T=" + inFile}},
		audittest.Step{CreatedBy: "RUN rm /var/task/.env", Files: map[string]string{"var/task/.wh..env": ""}},
		audittest.Step{CreatedBy: "RUN |1 NPM_TOKEN=" + inStep + " /bin/sh -c npm ci # buildkit", Files: map[string]string{"var/task/a": ""}},
		audittest.Step{CreatedBy: "ENV DB_PASSWORD=" + weak})
	img.Config.Env = append(img.Config.Env, "DB_PASSWORD="+weak)
	a, err := artifact.OpenImage(ctx, img.Build(t).V1(t), artifact.ImageMeta{Reference: "fn.tar"}, artifact.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	r := audit.Run(ctx, []audit.Target{{Name: "fn", Artifact: a}}, audit.Options{Inspectors: []audit.Inspector{New(Options{Key: []byte("k")})}})
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	var said strings.Builder
	for _, f := range r.Findings {
		said.WriteString(f.Message + "; " + f.Evidence + "\n")
	}
	for _, want := range []string{"deleted in layer 4, still in layer 3", "NPM_TOKEN in build step 13", "environment variable DB_PASSWORD", "DB_PASSWORD=… (7 characters)"} {
		if !strings.Contains(said.String(), want) {
			t.Errorf("nothing says %q", want)
		}
	}
	if len(r.Findings) != 3 || r.Outcomes[0].Status != audit.StatusComplete {
		t.Errorf("outcome %+v, findings\n%s", r.Outcomes[0], said.String())
	}
	all := fmt.Sprintf("%#v", r)
	for _, raw := range []string{inFile, inStep, weak} {
		if strings.Contains(all, raw) {
			t.Error("the result holds a value")
		}
	}
}
