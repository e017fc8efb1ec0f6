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

// guess is the codeword that modules look most like.
type guess struct {
	value   int
	cluster int
	alike   float32 // correlation with its pattern, at most 1
	lead    float32 // by how much it is more alike than the next
}

// among returns the best guess in one cluster.
func among(table *[modulus]template, t *looks) guess {
	var best, second float32 = -2, -2
	value := 0
	for i := range table {
		p := &table[i]
		a := p[0]*t[0] + p[1]*t[1] + p[2]*t[2] + p[3]*t[3] + p[4]*t[4] + p[5]*t[5] + p[6]*t[6] + p[7]*t[7] + p[8]*t[8]
		b := p[9]*t[9] + p[10]*t[10] + p[11]*t[11] + p[12]*t[12] + p[13]*t[13] + p[14]*t[14] + p[15]*t[15] + p[16]*t[16]
		if sum := a + b; sum > best {
			best, second, value = sum, best, i
		} else if sum > second {
			second = sum
		}
	}
	return guess{value: value, alike: best, lead: best - second}
}

// anywhere returns the best guess in all clusters.
func anywhere(tables *[3][modulus]template, t *looks) guess {
	var best guess
	var second float32
	for k := range tables {
		g := among(&tables[k], t)
		g.cluster = k
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
