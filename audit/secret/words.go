package secret

// splitName splits a name into its lower-case words, at separators, at humps
// (apiKey, APIKey) and between letters and digits.
func splitName(name []byte) []string {
	var words []string
	for i := 0; i < len(name); {
		end := wordEnd(name, i)
		if end == i {
			i++
			continue
		}
		word := make([]byte, 0, end-i)
		for _, b := range name[i:end] {
			word = append(word, lower(b))
		}
		words = append(words, string(word))
		i = end
	}
	return words
}

// wordEnd returns the end of the word or number at i, or i at a separator.
func wordEnd(v []byte, i int) int {
	if isDigit(v[i]) {
		return run(v, i, len(v), isDigit)
	}
	capitals := run(v, i, len(v), isUpper)
	switch small := run(v, capitals, len(v), isLower); {
	case small == capitals: // only capitals, or neither
		return capitals
	case capitals-i > 1: // the last capital begins the next word
		return capitals - 1
	default:
		return small
	}
}

// wordy says whether a value is made of words: most of its letters are in runs
// of four or more that can be pronounced. Of text drawn at random few are.
func wordy(v []byte) bool {
	letters, spoken := 0, 0
	for i := 0; i < len(v); {
		end := wordEnd(v, i)
		if end == i {
			i++
			continue
		}
		if isLetter(v[i]) {
			letters += end - i
			if pronounceable(v[i:end]) {
				spoken += end - i
			}
		}
		i = end
	}
	return spoken*5 >= letters*3
}

// pronounceable says whether letters have enough vowels and no long cluster of
// consonants, as words of most languages in the Latin alphabet do.
func pronounceable(word []byte) bool {
	if len(word) < 4 {
		return false
	}
	vowels, cluster := 0, 0
	for _, b := range word {
		switch lower(b) {
		case 'a', 'e', 'i', 'o', 'u', 'y':
			vowels++
			cluster = 0
		default:
			cluster++
		}
		if cluster > 4 {
			return false
		}
	}
	return vowels*5 >= len(word) && vowels < len(word)
}
