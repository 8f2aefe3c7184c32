package secret

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// configPath is the location of a credential that stands in an image's
// configuration and not in a file.
const configPath = "config.json"

// configScan looks for credentials in an image's configuration. What was found
// in an earlier place is not reported again in a later one: a build argument
// stands in every step after it, and ENV is both a value and a step.
type configScan struct {
	*examination
	ctx      context.Context
	seen     map[valueKey]bool
	exceeded bool
	findings []audit.Finding
	failed   error // of making a finding
}

// where is a place in the configuration.
type where struct {
	is   string // "build step 4"; completed by a name if one is known
	name string // of a variable or label; may be empty
	// origin and layer are the build step's.
	origin audit.Origin
	layer  string
}

// image examines the configuration of an image: environment, labels and
// annotations, command and build history. Only what is in files is the walk's.
func (e *examination) image(ctx context.Context, img audit.Image) audit.Conclusion {
	s := &configScan{examination: e, ctx: ctx, seen: map[valueKey]bool{}}
	err := s.config(img)
	c := audit.Conclusion{Findings: s.findings, Failed: s.failed}
	if err != nil {
		c.Problems = append(c.Problems, audit.Problem{Path: configPath, Reason: err.Error()})
	} else if s.exceeded {
		c.Problems = append(c.Problems, audit.Problem{Path: configPath, Reason: errTooMany.Error()})
	}
	return c
}

func (s *configScan) config(img audit.Image) error {
	for _, v := range img.Config.Env {
		if err := s.named(where{is: "environment variable", name: v.Name}, v.Value.Reveal()); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(img.Config.Labels)) {
		if err := s.named(where{is: "label", name: name}, img.Config.Labels[name].Reveal()); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(img.Annotations)) {
		if err := s.named(where{is: "annotation", name: name}, img.Annotations[name]); err != nil {
			return err
		}
	}
	command := append(append([]string(nil), img.Config.Entrypoint...), img.Config.Cmd...)
	for _, word := range command {
		if err := s.text(where{is: "the command"}, word); err != nil {
			return err
		}
	}
	places := stepPlaces(img)
	for i, step := range img.History {
		if err := s.text(places[i], step.CreatedBy.Reveal()); err != nil {
			return err
		}
	}
	return nil
}

// stepPlaces says where each build step is, and whose it is: that of the layer
// it made, or of the next one below which it stands. Layers are attributed only
// if there are as many as steps that made one.
func stepPlaces(img audit.Image) []where {
	places := make([]where, len(img.History))
	made := 0
	for i, step := range img.History {
		places[i].is = "build step " + strconv.Itoa(i+1)
		if !step.Empty {
			made++
		}
	}
	if made != len(img.Layers) {
		return places
	}
	origin := audit.OriginOwn
	for i := len(img.History) - 1; i >= 0; i-- {
		if !img.History[i].Empty {
			made--
			origin = img.Layers[made].Origin
			places[i].layer = img.Layers[made].DiffID
		}
		places[i].origin = origin
	}
	return places
}

func (s *configScan) named(at where, value string) error {
	found, err := s.engine.value(s.ctx, at.name, value, s.hash)
	s.report(at, found)
	return err
}

// text scans a command line, in which NAME=VALUE words assign.
func (s *configScan) text(at where, text string) error {
	found, err := s.engine.command(s.ctx, text, s.hash)
	s.report(at, found)
	return err
}

func (s *configScan) report(at where, found valueMatches) {
	s.exceeded = s.exceeded || found.exceeded
	for _, m := range found.matches {
		key := valueKey{m.detector.rule, m.hash}
		if s.seen[key] {
			continue
		}
		if len(s.seen) == maxValues {
			s.exceeded = true
			return
		}
		s.seen[key] = true
		s.findings = append(s.findings, s.configFinding(at, m))
	}
}

// configFinding is made for a place that is no file. The fingerprint holds no
// number of a step, so that it outlives an edit of the Dockerfile.
func (s *configScan) configFinding(at where, m namedMatch) audit.Finding {
	place, evidence, name := at.is, m.evidence, ""
	if m.name != "" {
		name = shownName(m.name)
		place += " " + name
		if at.name == "" {
			place = name + " in " + at.is
		}
	}
	if name != "" && !strings.HasPrefix(evidence, name+"=") {
		evidence = name + "=" + evidence
	}
	opens := "which " + m.detector.opens
	if m.detector.specific == byName {
		opens = "which whoever can pull the image can use"
	}
	finding, err := audit.NewFinding(s.rules[m.detector.rule], audit.Finding{
		Severity: m.rated(), Confidence: m.confidence, Target: s.target, Origin: at.origin,
		Message:  fmt.Sprintf("%s in %s of the image's configuration, %s", m.detector.kind, place, opens),
		Location: audit.Location{Path: configPath, Layer: at.layer},
		Subject:  configPath + "#" + name + "#" + m.hash,
		Evidence: evidence,
		Remedy:   m.detector.revoke + remedyAfter + "; what only the build needs belongs in RUN --mount=type=secret",
	})
	if err != nil {
		s.failed = fmt.Errorf("make a finding: %w", err)
	}
	return finding
}

// hidden says of a file that a later layer hides where it still is. It returns
// the end of the message and the place that hides it.
func (e *examination) hidden(info audit.FileInfo) (suffix string, related []audit.Location) {
	img, ok := e.artifact.(audit.ImageArtifact)
	if !ok || info.HiddenBy == "" {
		return "", nil
	}
	how := "deleted"
	outermost, _, _ := strings.Cut(info.Path, "!/")
	if _, err := fs.Stat(img.FS(), outermost); err == nil {
		how = "replaced"
	}
	layers := img.Image().Layers
	suffix = fmt.Sprintf(", %s in %s, still in %s", how, layerName(layers, info.HiddenBy), layerName(layers, info.Layer))
	return suffix, []audit.Location{{Path: info.Path, Layer: info.HiddenBy}}
}

// layerName names a layer by its number, which is what a person counts by.
func layerName(layers []audit.ImageLayer, diffID string) string {
	i := slices.IndexFunc(layers, func(l audit.ImageLayer) bool { return l.DiffID == diffID })
	if i < 0 {
		return "a layer"
	}
	return "layer " + strconv.Itoa(layers[i].Number)
}
