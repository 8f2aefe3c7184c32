package gate

import (
	"fmt"
	"strings"
)

// maxGuess is the longest word worth a guess at what was meant.
const maxGuess = 100

// didYouMean is a clause that names the known word nearest to a mistyped word or
// glob, and nothing when none is near.
func didYouMean(word string, known []string) string {
	if len(word) > maxGuess {
		return ""
	}
	best, least := "", max(2, len(word)/3)+1
	for _, k := range known {
		if d := editDistance(word, k); d < least {
			best, least = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// allowed is a clause that lists what a value may be.
func allowed(known []string) string { return "(allowed: " + strings.Join(known, ", ") + ")" }

// editDistance is the Levenshtein distance of a word from a known one, in bytes.
// A "*" in the word stands for any run of characters at no cost.
func editDistance(word, known string) int {
	row := make([]int, len(known)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(word) {
		if word[i] == '*' {
			for j := range len(known) {
				row[j+1] = min(row[j+1], row[j])
			}
			continue
		}
		diagonal := row[0]
		row[0]++
		for j := range len(known) {
			substitute := diagonal
			if word[i] != known[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(known)]
}
