package source

import "strings"

// nodesAtOnce is how many nodes are made together: most records fit.
const nodesAtOnce = 256

// nodeStore hands out nodes and takes them all back at once, for the next record.
type nodeStore struct {
	chunks [][]node
	used   int
}

// next gives an empty node.
func (n *nodeStore) next() *node {
	chunk, at := n.used/nodesAtOnce, n.used%nodesAtOnce
	if chunk == len(n.chunks) {
		n.chunks = append(n.chunks, make([]node, nodesAtOnce))
	}
	n.used++
	got := &n.chunks[chunk][at]
	*got = node{attrs: got.attrs[:0]}
	return got
}

// element reads the element whose start tag was just read, with everything in it; raw is how it was written.
func (x *markup) element(name string) (root *node, raw string, err error) {
	x.inside, x.nodes.used = true, 0
	defer func() { x.inside, x.mark = false, -1 }()
	root = x.newNode(name)
	open := []*node{root}
	last := []*node{nil} // the last child of each open node
	for len(open) > 0 {
		kind, text, err := x.next()
		if err != nil {
			return nil, "", err
		}
		top := len(open) - 1
		switch kind {
		case pieceText:
			// What markup splits is one text with a blank between.
			if open[top].text != "" {
				text = open[top].text + " " + text
			}
			open[top].text = text
		case pieceStart:
			child := x.newNode(text)
			if last[top] == nil {
				open[top].first = child
			} else {
				last[top].next = child
			}
			last[top] = child
			open, last = append(open, child), append(last, nil)
		case pieceEnd:
			open, last = open[:top], last[:top]
		}
	}
	return root, string(x.buf[x.mark:x.pos]), nil
}

// newNode makes a node with the attributes of the last start tag.
func (x *markup) newNode(name string) *node {
	n := x.nodes.next()
	n.name, n.attrs = name, append(n.attrs, x.attrs...)
	return n
}

// attr gives an attribute's value, trimmed, or "".
func (n *node) attr(name string) string {
	for i := range n.attrs {
		if n.attrs[i].name == name {
			return strings.TrimSpace(n.attrs[i].value)
		}
	}
	return ""
}

// child gives the first element of that name within n, or nil.
func (n *node) child(name string) *node {
	for c := n.first; c != nil; c = c.next {
		if c.name == name {
			return c
		}
	}
	return nil
}

// get gives the text of the first element of that name within n, squeezed, or "".
func (n *node) get(name string) string {
	if c := n.child(name); c != nil {
		return squeeze(c.text)
	}
	return ""
}

// all calls do with each element of that name within n.
func (n *node) all(name string, do func(*node)) {
	for c := n.first; c != nil; c = c.next {
		if c.name == name {
			do(c)
		}
	}
}
