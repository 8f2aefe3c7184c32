package secret

import (
	"bytes"
	"math"
)

func isUpper(b byte) bool  { return b >= 'A' && b <= 'Z' }
func isLower(b byte) bool  { return b >= 'a' && b <= 'z' }
func isDigit(b byte) bool  { return b >= '0' && b <= '9' }
func isLetter(b byte) bool { return isUpper(b) || isLower(b) }
func isAlnum(b byte) bool  { return isLetter(b) || isDigit(b) }
func isHex(b byte) bool    { return isDigit(b) || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F' }
func isBase64(b byte) bool { return isAlnum(b) || b == '+' || b == '/' }
func isWord(b byte) bool   { return isAlnum(b) || b == '_' || b == '-' }
func isBlank(b byte) bool  { return b == ' ' || b == '\t' }
func isSpace(b byte) bool  { return isBlank(b) || b == '\n' || b == '\r' }

// run returns the end of the run of bytes of a class that begins at from, at
// most limit bytes long.
func run(data []byte, from, limit int, class func(byte) bool) int {
	end := from
	for end < len(data) && end-from < limit && class(data[end]) {
		end++
	}
	return end
}

// all says whether every byte is of a class.
func all(v []byte, class func(byte) bool) bool { return run(v, 0, len(v), class) == len(v) }

// count says how many bytes are of a class.
func count(v []byte, class func(byte) bool) int {
	n := 0
	for _, b := range v {
		if class(b) {
			n++
		}
	}
	return n
}

// startsToken says whether a token may begin at i: the byte before is not of
// the token's alphabet, or is the letter of an escape such as \n.
func startsToken(data []byte, i int, class func(byte) bool) bool {
	if i == 0 || !class(data[i-1]) {
		return true
	}
	return i > 1 && data[i-2] == '\\' && bytes.IndexByte([]byte("ntr"), data[i-1]) >= 0
}

// endsToken says whether a token may end at i.
func endsToken(data []byte, i int, class func(byte) bool) bool {
	return i >= len(data) || !class(data[i])
}

// counted says whether the bytes before i give n as the length of a string, the
// way Python's marshal format (.pyc) does: one byte, or four with the lowest
// first.
func counted(data []byte, i, n int) bool {
	if i >= 1 && int(data[i-1]) == n {
		return true
	}
	return i >= 4 && int(data[i-4]) == n && data[i-3] == 0 && data[i-2] == 0 && data[i-1] == 0
}

// issued cuts a token back to the length its vendor issues when what follows may
// be the next string of a binary, so that its hash does not hang on a neighbour.
// A NUL or a stored length shows where a string ends.
func issued(w window, start, end, length int) int {
	if !w.file.binary || counted(w.data, start, end-start) || end < len(w.data) && w.data[end] == 0 {
		return end
	}
	return min(end, start+length)
}

// entropy is Shannon's, in bits a byte.
func entropy(v []byte) float64 {
	var counts [256]int
	for _, b := range v {
		counts[b]++
	}
	bits := 0.0
	for _, c := range counts {
		if c > 0 {
			p := float64(c) / float64(len(v))
			bits -= p * math.Log2(p)
		}
	}
	return bits
}

func distinct(v []byte) int {
	var seen [256]bool
	n := 0
	for _, b := range v {
		if !seen[b] {
			seen[b] = true
			n++
		}
	}
	return n
}

// sequence is the length of the longest run of bytes that each follow the one
// before, as in "abcdef" or "456789"; 9 is followed by 0, and a by 0 or 9.
func sequence(v []byte) int {
	longest, current := 0, 0
	for i, b := range v {
		follows := i > 0 && (b == v[i-1]+1 && isAlnum(b) || v[i-1] == '9' && (b == '0' || b == 'a') ||
			v[i-1] == '0' && (b == 'a' || b == 'A'))
		if !follows {
			current = 0
		}
		current++
		longest = max(longest, current)
	}
	return longest
}

// repeat is the length of the longest run of one byte.
func repeat(v []byte) int {
	longest, current := 0, 0
	for i, b := range v {
		if i == 0 || b != v[i-1] {
			current = 0
		}
		current++
		longest = max(longest, current)
	}
	return longest
}

// filler says that the variable part of a token was made up: a documentation
// example, one character over and over, or the alphabet. Tokens that are drawn
// at random practically never look so.
func filler(v []byte) bool {
	return distinct(v) < min(8, 1+len(v)/2) || repeat(v) > 5 || sequence(v) > 7 ||
		containsFold(v, "example") || containsFold(v, "xxxx")
}

// containsFold says whether v contains a lower-case ASCII word in any case.
func containsFold(v []byte, word string) bool {
	for i := 0; i+len(word) <= len(v); i++ {
		if hasPrefixFold(v[i:], word) {
			return true
		}
	}
	return false
}

func hasPrefixFold(v []byte, word string) bool {
	if len(v) < len(word) {
		return false
	}
	for j := range len(word) {
		if lower(v[j]) != word[j] {
			return false
		}
	}
	return true
}

func lower(b byte) byte {
	if isUpper(b) {
		return b + 'a' - 'A'
	}
	return b
}
