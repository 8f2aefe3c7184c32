package artifact

import (
	"slices"
	"strings"

	"github.com/lambdagate/lambdagate/audit"
)

// makers gives for each layer the build step that made it. A history that tells
// of another number of layers tells nothing.
func makers(history []audit.BuildStep, layers int) []audit.Secret {
	made := make([]audit.Secret, layers)
	if countLayers(history) != layers {
		return made
	}
	i := 0
	for _, step := range history {
		if !step.Empty {
			made[i] = step.CreatedBy
			i++
		}
	}
	return made
}

// baseLayers guesses how many of the lowest layers are the base image's. An
// image doesn't record that, and the annotations org.opencontainers.image.base.*
// name the base without saying where it ends, so the history has to tell:
//
//   - The base images of AWS Lambda end with ENTRYPOINT
//     ["/lambda-entrypoint.sh"]. If such a step is there, the first one ends the
//     base.
//   - Otherwise most bases end with a CMD. The last one that layers follow ends
//     the base. The image's own CMD usually comes last, so no layer follows it.
//
// Other ENTRYPOINT steps don't count: as many are in the middle of a user's own
// Dockerfile. A base that has neither, such as a distroless one, is not
// recognised, and a history that doesn't fit the layers is not believed; all
// layers are then the user's own, which is the stricter error. The other error
// is possible as well: layers of the user that stand before a CMD of the user
// and are followed by more count as the base's.
func baseLayers(history []audit.BuildStep, layers int) int {
	if countLayers(history) != layers {
		return 0
	}
	base, below := 0, 0
	for _, step := range history {
		if !step.Empty {
			below++
			continue
		}
		if below == layers {
			break
		}
		switch instruction, arguments := instructionOf(step.CreatedBy.Reveal()); {
		case instruction == "ENTRYPOINT" && strings.Contains(arguments, `"/lambda-entrypoint.sh"`):
			return below
		case instruction == "CMD":
			base = below
		}
	}
	return base
}

func countLayers(history []audit.BuildStep) int {
	return len(history) - len(slices.DeleteFunc(slices.Clone(history), func(s audit.BuildStep) bool { return !s.Empty }))
}

// instructionOf takes a history entry apart: BuildKit writes the instruction as
// it stands, the classic builder and Buildah put it behind "#(nop)".
func instructionOf(createdBy string) (instruction, arguments string) {
	if _, rest, ok := strings.Cut(createdBy, "#(nop)"); ok {
		createdBy = rest
	}
	instruction, arguments, _ = strings.Cut(strings.TrimSpace(createdBy), " ")
	return instruction, arguments
}
