package source

import "strings"

// nodesAtOnce is how many nodes are made together: most records fit.
const nodesAtOnce = 256

// element reads the element whose start tag was just read, with everything in it; raw is how it was written.
func (x *markup) element(name string) (root *node, raw string, err error) {
	x.inside = true
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
	if !x.s.in.NoRaw {
		raw = string(x.buf[x.mark:x.pos])
	}
	return root, raw, nil
}

// newNode makes a node with the attributes of the last start tag.
func (x *markup) newNode(name string) *node {
	if len(x.nodes) == 0 {
		x.nodes = make([]node, nodesAtOnce)
	}
	n := &x.nodes[0]
	x.nodes = x.nodes[1:]
	n.name = name
	if len(x.attrs) > 0 {
		n.attrs = append([]attr(nil), x.attrs...)
	}
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
