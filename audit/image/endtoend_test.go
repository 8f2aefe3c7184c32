package image

import (
	"context"
	"testing"

	"github.com/lambdagate/lambdagate/audit"
	"github.com/lambdagate/lambdagate/audit/artifact"
	"github.com/lambdagate/lambdagate/audit/audittest"
)

// inspect builds a real image and examines it.
func inspect(t *testing.T, o Options, img audittest.Image) audit.Result {
	t.Helper()
	ctx := context.Background()
	a, err := artifact.OpenImage(ctx, img.Build(t).V1(t), artifact.ImageMeta{Reference: "fn.tar"}, artifact.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	o.Clock = clockAt("2026-11-22")
	return audit.Run(ctx, []audit.Target{{Name: "fn", Artifact: a}}, audit.Options{Inspectors: []audit.Inspector{New(o)}})
}

func function(runtime string, steps ...audittest.Step) audittest.Image {
	img := audittest.LambdaBase(runtime)
	img.Steps = append(img.Steps, steps...)
	img.Config.Cmd = []string{"app.handler"}
	return img
}

func TestRealImages(t *testing.T) {
	code := audittest.Step{CreatedBy: "COPY app.py /var/task/", Files: map[string]string{"var/task/app.py": "x = 1\n"}}
	if r := inspect(t, Options{AllowedBases: []string{"public.ecr.aws/lambda/*"}}, function("python3.13", code)); len(r.Findings) != 0 || r.Outcomes[0].Status != audit.StatusComplete {
		t.Errorf("a harmless function: %+v, %+v", r.Findings, r.Outcomes[0])
	}
	expect(t, inspect(t, Options{}, function("python3.9", code)), ruleRuntimeDeprecated, "python3.9")
	expect(t, inspect(t, Options{}, function("python3.13")), ruleCannotStart, "app.py")

	linked := audittest.Step{CreatedBy: "RUN ln", Entries: []audittest.TarEntry{audittest.Symlink("var/task/app.py", "../code/app.py"), audittest.FileEntry("var/code/app.py", "x = 1\n", 0o644)}}
	expect(t, inspect(t, Options{}, function("python3.13", linked)), ruleCannotStart, "")

	r := inspect(t, Options{}, function("python3.13", code,
		audittest.Step{CreatedBy: "COPY .env /var/task/", Files: map[string]string{"var/task/.env": "A=b\n"}},
		audittest.Step{CreatedBy: "RUN rm /var/task/.env", Files: map[string]string{"var/task/.wh..env": ""}},
		audittest.Step{CreatedBy: "RUN chmod", Entries: []audittest.TarEntry{audittest.FileEntry("var/task/helper", "x", 0o4755)}}))
	found := expect(t, r, rulePrivateFile, ", deleted in layer 5, still in layer 4")
	if found.Origin != audit.OriginOwn || found.Location.Layer == found.Related[0].Layer {
		t.Errorf("origin %s, location %+v, related %+v", found.Origin, found.Location, found.Related)
	}
	expect(t, r, ruleSetuid, "/var/task/helper")
}

// TestForgedBase has the environment of AWS's base and none of its files.
func TestForgedBase(t *testing.T) {
	img := function("python3.13", audittest.Step{CreatedBy: "COPY", Files: map[string]string{"var/task/app.py": "", "usr/lib/os-release": "ID=debian\nVERSION_ID=13\n"}})
	img.Steps = img.Steps[2:]
	r := inspect(t, Options{AllowedBases: []string{"public.ecr.aws/lambda/*"}}, img)
	expect(t, r, ruleBaseNotAllowed, "nothing tells which")
	expect(t, r, ruleNoRuntimeClient, "no runtime interface client")
	expect(t, r, ruleCannotStart, "/lambda-entrypoint.sh")
}
