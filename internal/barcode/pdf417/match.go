package pdf417

import "math"

// looks is the brightness of a codeword's modules, as a template: less its mean, scaled to length 1.
type looks = template

// looksOf makes a template of brightness values; ok is false where there is no contrast.
func looksOf(modules *[codewordModules]float32) (t looks, ok bool) {
	var sum float32
	for _, v := range modules {
		sum += v
	}
	mean := sum / codewordModules
	var length float32
	for i, v := range modules {
		t[i] = v - mean
		length += t[i] * t[i]
	}
	// Three levels of grey to either side are less than any noise.
	if length < 9*codewordModules {
		return t, false
	}
	scale := float32(1 / math.Sqrt(float64(length)))
	for i := range t {
		t[i] *= scale
	}
	return t, true
}

// dot returns how much modules and a pattern are alike: 1 when they are the same.
func dot(p *template, t *looks) float32 {
	a := p[0]*t[0] + p[1]*t[1] + p[2]*t[2] + p[3]*t[3] + p[4]*t[4] + p[5]*t[5] + p[6]*t[6] + p[7]*t[7] + p[8]*t[8]
	b := p[9]*t[9] + p[10]*t[10] + p[11]*t[11] + p[12]*t[12] + p[13]*t[13] + p[14]*t[14] + p[15]*t[15] + p[16]*t[16]
	return a + b
}

// plain reads modules that are plainly black or white by looking their pattern up, in one cluster or, when cluster is
// -1, in any. It is what spares most codewords the comparison with all patterns.
func plain(tables *[3][modulus]template, cluster int, t *looks) (guess, bool) {
	// What is as much alike as this has no rival; the lead is then as good as any.
	const enough, lead = 0.94, 0.2
	low, high := t[0], t[0]
	for _, v := range t[1:codewordModules] {
		low, high = min(low, v), max(high, v)
	}
	half, bits := (low+high)/2, 0
	for _, v := range t[:codewordModules] {
		bits <<= 1
		if v < half {
			bits |= 1
		}
	}
	entry := patterns()[bits]
	if entry < 0 {
		return guess{}, false
	}
	g := guess{value: int(entry) % modulus, cluster: int(entry) / modulus, lead: lead}
	if cluster >= 0 && g.cluster != cluster {
		return guess{}, false
	}
	g.alike = dot(&tables[g.cluster][g.value], t)
	return g, g.alike >= enough
}

// guess is the codeword that modules look most like.
type guess struct {
	value   int
	cluster int
	alike   float32 // correlation with its pattern, at most 1
	lead    float32 // by how much it is more alike than the next
}

// among returns the best guess in one cluster.
func among(tables *[3][modulus]template, cluster int, t *looks) guess {
	if g, ok := plain(tables, cluster, t); ok {
		return g
	}
	return searched(&tables[cluster], cluster, t)
}

// searched compares with all patterns of a cluster.
func searched(table *[modulus]template, cluster int, t *looks) guess {
	var best, second float32 = -2, -2
	value := 0
	for i := range table {
		if sum := dot(&table[i], t); sum > best {
			best, second, value = sum, best, i
		} else if sum > second {
			second = sum
		}
	}
	return guess{value: value, cluster: cluster, alike: best, lead: best - second}
}

// anywhere returns the best guess in all clusters.
func anywhere(tables *[3][modulus]template, t *looks) guess {
	if g, ok := plain(tables, -1, t); ok {
		return g
	}
	var best guess
	var second float32
	for k := range tables {
		g := searched(&tables[k], k, t)
		if k == 0 {
			best = g
			second = g.alike - g.lead
			continue
		}
		if g.alike > best.alike {
			second = max(best.alike, g.alike-g.lead)
			best = g
		} else {
			second = max(second, g.alike)
		}
	}
	best.lead = best.alike - second
	return best
}
