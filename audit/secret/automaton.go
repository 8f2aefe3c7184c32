package secret

import "slices"

// automaton finds every occurrence of a set of keywords in one pass, ignoring
// ASCII case (Aho and Corasick, "Efficient string matching", CACM 18(6), 1975).
// The failure links are resolved when it is built, so that each byte costs one
// table look-up, and bytes that no keyword uses share one column.
type automaton struct {
	class  [256]uint8
	stride uint32 // columns of the table
	next   []uint32
	// accepting is the lowest state that ends a keyword; states are numbered so
	// that those come last. A state is its row's index times the stride.
	accepting uint32
	// ends lists the keywords that end in each accepting state.
	ends [][]int
}

// trieNode is a state while the automaton is built.
type trieNode struct {
	child map[byte]int
	fail  int
	ends  []int
}

// newAutomaton builds the automaton. The keywords are lower-case and not
// empty.
func newAutomaton(keywords []string) *automaton {
	a := &automaton{}
	classes := 1 // class 0 is every byte that no keyword uses
	nodes := []trieNode{{child: map[byte]int{}}}
	for k, keyword := range keywords {
		at := 0
		for _, b := range []byte(keyword) {
			if a.class[b] == 0 {
				a.class[b] = uint8(classes)
				classes++
			}
			to, ok := nodes[at].child[b]
			if !ok {
				to = len(nodes)
				nodes = append(nodes, trieNode{child: map[byte]int{}})
				nodes[at].child[b] = to
			}
			at = to
		}
		nodes[at].ends = append(nodes[at].ends, k)
	}
	for b := byte('A'); b <= 'Z'; b++ {
		a.class[b] = a.class[b+'a'-'A']
	}
	a.stride = uint32(classes)
	a.fill(nodes, resolve(nodes))
	return a
}

// resolve sets the failure links, adds to each state the keywords that end in
// the states its links lead to, and returns the states breadth first.
func resolve(nodes []trieNode) []int {
	order := []int{0}
	for i := 0; i < len(order); i++ {
		at := order[i]
		for b, to := range nodes[at].child {
			order = append(order, to)
			if at == 0 {
				continue
			}
			f := nodes[at].fail
			for {
				if t, ok := nodes[f].child[b]; ok {
					nodes[to].fail = t
					break
				}
				if f == 0 {
					break
				}
				f = nodes[f].fail
			}
		}
		if at != 0 {
			nodes[at].ends = append(nodes[at].ends, nodes[nodes[at].fail].ends...)
			slices.Sort(nodes[at].ends)
		}
	}
	return order
}

// fill numbers the states and writes the table.
func (a *automaton) fill(nodes []trieNode, order []int) {
	number := make([]uint32, len(nodes))
	var n uint32
	for _, accepting := range []bool{false, true} {
		if accepting {
			a.accepting = n * a.stride
		}
		for _, at := range order {
			if (len(nodes[at].ends) > 0) == accepting {
				number[at] = n * a.stride
				n++
				if accepting {
					a.ends = append(a.ends, nodes[at].ends)
				}
			}
		}
	}
	a.next = make([]uint32, int(n*a.stride))
	for _, at := range order {
		row := a.next[number[at] : number[at]+a.stride]
		if at != 0 {
			fail := number[nodes[at].fail]
			copy(row, a.next[fail:fail+a.stride])
		}
		for b, to := range nodes[at].child {
			row[a.class[b]] = number[to]
		}
	}
}

// find continues from state over data[from:] up to the first byte that ends a
// keyword. It returns the state, the index after that byte and true; or the
// state, len(data) and false.
func (a *automaton) find(state uint32, data []byte, from int) (uint32, int, bool) {
	next := a.next
	for i := from; i < len(data); i++ {
		state = next[state+uint32(a.class[data[i]])]
		if state >= a.accepting {
			return state, i + 1, true
		}
	}
	return state, len(data), false
}

// keywords are those that end in an accepting state.
func (a *automaton) keywords(state uint32) []int {
	return a.ends[(state-a.accepting)/a.stride]
}
