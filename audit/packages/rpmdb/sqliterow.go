package rpmdb

// splitRow gives the values of a row, in SQLite's record format
// (https://www.sqlite.org/fileformat.html#record_format): the size of the head
// and a type for each column, then the values.
func splitRow(row []byte) ([][]byte, error) {
	size, n := varint(row)
	if n == 0 || size < int64(n) || size > int64(len(row)) {
		return nil, damaged("a row has no head")
	}
	head, rest := row[n:size], row[size:]
	var columns [][]byte
	for len(head) > 0 {
		kind, n := varint(head)
		length := columnSize(kind)
		if n == 0 || length < 0 || length > int64(len(rest)) {
			return nil, damaged("a column is longer than its row")
		}
		columns = append(columns, rest[:length])
		head, rest = head[n:], rest[length:]
	}
	return columns, nil
}

// columnSize is the number of bytes that a value takes, negative for a type
// that is not in use.
func columnSize(kind int64) int64 {
	switch kind {
	case 0, 8, 9: // NULL and the numbers 0 and 1
		return 0
	case 1, 2, 3, 4:
		return kind
	case 5:
		return 6
	case 6, 7:
		return 8
	case 10, 11:
		return -1
	}
	return (kind - 12) / 2 // text or bytes
}

// varint reads a number of up to 9 bytes, 7 bits each but for the last; n is
// 0 if it is cut off.
func varint(data []byte) (value int64, n int) {
	for i, b := range data {
		if i == 8 {
			return value<<8 | int64(b), 9
		}
		value = value<<7 | int64(b&0x7f)
		if b < 0x80 {
			return value, i + 1
		}
	}
	return 0, 0
}

// bigEndian reads a column that holds a number.
func bigEndian(column []byte) int64 {
	var value int64
	for _, b := range column {
		value = value<<8 | int64(b)
	}
	return value
}
