package dialecttest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	idPattern   = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	timePattern = regexp.MustCompile(`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?`)
)

// names keeps which name stands for which value.
type names struct {
	secrets []string // members whose values are secrets
	value   map[string]string
	name    map[string]string
	count   map[string]int
}

func newNames(secrets []string, given map[string]string) *names {
	n := &names{secrets: secrets, value: map[string]string{}, name: map[string]string{}, count: map[string]int{}}
	for kind, v := range given {
		n.set("<"+kind+">", v)
	}
	return n
}

func (n *names) set(name, value string) { n.value[name], n.name[value] = value, name }

// see gives a value the next name of a kind, unless it has one.
func (n *names) see(kind, value string) {
	if n.name[value] == "" && value != "" {
		n.count[kind]++
		n.set(fmt.Sprintf("<%s %d>", kind, n.count[kind]), value)
	}
}

// hide puts names where values stand. Secrets are found by the members of a JSON body first, so that a URL which holds one is hidden as well.
func (n *names) hide(body string) string {
	var doc any
	if json.Unmarshal([]byte(body), &doc) == nil {
		n.walk(doc)
	}
	for _, id := range idPattern.FindAllString(body, -1) {
		n.see("id", id)
	}
	// The longest first: one secret may be part of another.
	values := make([]string, 0, len(n.name))
	for v := range n.name {
		values = append(values, v)
	}
	slices.SortFunc(values, func(a, b string) int { return len(b) - len(a) })
	for _, v := range values {
		body = strings.ReplaceAll(body, v, n.name[v])
	}
	return timePattern.ReplaceAllString(body, "<time>")
}

func (n *names) walk(doc any) {
	switch v := doc.(type) {
	case map[string]any:
		members := make([]string, 0, len(v))
		for m := range v {
			members = append(members, m)
		}
		slices.Sort(members)
		for _, m := range members {
			if s, ok := v[m].(string); ok && slices.Contains(n.secrets, m) {
				n.see(m, s)
			}
			n.walk(v[m])
		}
	case []any:
		for _, e := range v {
			n.walk(e)
		}
	}
}

// show puts values where names stand.
func (n *names) show(text string) string {
	for name, value := range n.value {
		text = strings.ReplaceAll(text, name, value)
	}
	return text
}
