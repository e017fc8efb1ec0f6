package audit

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/usher-kyc/usher"
)

// FaultKind says what sort of fault was found.
type FaultKind string

// What can be wrong with a trail.
const (
	Changed       FaultKind = "changed"        // an entry does not follow from the one before it
	Missing       FaultKind = "missing"        // entries are not there
	OutOfOrder    FaultKind = "out_of_order"   // an entry stands where another should
	Cut           FaultKind = "cut"            // the chain is shorter than a checkpoint says it was
	Rewritten     FaultKind = "rewritten"      // a checkpoint says another hash
	BadCheckpoint FaultKind = "bad_checkpoint" // a checkpoint that cannot be believed
)

// Fault is one thing that is wrong. Seq is its place in the chain of Tenant.
type Fault struct {
	Kind    FaultKind `json:"kind"`
	Tenant  string    `json:"tenant"`
	Seq     int64     `json:"seq"`
	ID      string    `json:"id,omitempty"` // of the entry
	Message string    `json:"message"`
}

// Report is what a walk through trails found.
type Report struct {
	Records     int64   `json:"records"`
	Chains      int     `json:"chains"`
	Checkpoints int     `json:"checkpoints"` // signed ones that fit
	Unsigned    int64   `json:"unsigned"`    // entries behind the last signed checkpoint of their chain: a rewriting of these could not be seen
	Faults      []Fault `json:"faults"`
	More        int     `json:"more_faults,omitempty"` // that are not listed
}

// OK tells whether nothing is wrong.
func (r Report) OK() bool { return len(r.Faults) == 0 }

// mostFaults bounds the list of a report.
const mostFaults = 100

func (r *Report) fault(f Fault) {
	if len(r.Faults) == mostFaults {
		r.More++
		return
	}
	r.Faults = append(r.Faults, f)
}

// Add takes in faults that were found elsewhere.
func (r *Report) Add(faults ...Fault) {
	for _, f := range faults {
		r.fault(f)
	}
}

// chain is one chain while it is walked through.
type chain struct {
	tenant string
	marks  []Checkpoint // of this chain that are still ahead, by place
	seq    int64        // of the last entry
	hash   usher.AuditHash
	signed int64 // place of the last signed checkpoint that fits
}

// Verify walks through chains, computes every hash anew and compares with checkpoints. The entries of a tenant come in the order of their places,
// those of tenants one after another. Checkpoints must be ones that are believed: [ReadCheckpoints] verifies signatures. A whole trail begins at
// entry 1; starts are for parts of one, and say what stood before them. The error is one of reading; everything else is in the report.
func Verify(ctx context.Context, rows iter.Seq2[usher.AuditRecord, error], checkpoints []Checkpoint, starts ...Checkpoint) (Report, error) {
	r := Report{Faults: []Fault{}}
	marks := map[string][]Checkpoint{}
	for _, c := range checkpoints {
		marks[c.Tenant] = append(marks[c.Tenant], c)
	}
	for _, list := range marks {
		slices.SortStableFunc(list, func(a, b Checkpoint) int { return cmp.Compare(a.Seq, b.Seq) })
	}
	seen := map[string]*chain{}
	var c *chain
	var scratch []byte
	for row, err := range rows {
		if err != nil {
			return r, fmt.Errorf("read the trail: %w", err)
		}
		if c == nil || c.tenant != row.TenantID {
			if c = seen[row.TenantID]; c == nil {
				c = begin(row.TenantID, marks[row.TenantID], starts)
				seen[row.TenantID] = c
			}
		}
		if r.Records%4096 == 0 && ctx.Err() != nil {
			return r, ctx.Err()
		}
		r.Records++
		scratch = r.step(c, row, scratch)
	}
	for tenant, list := range marks {
		if seen[tenant] == nil {
			seen[tenant] = &chain{tenant: tenant, marks: list}
		}
	}
	r.Chains = len(seen)
	for _, c := range seen {
		r.end(c)
	}
	slices.SortStableFunc(r.Faults, func(a, b Fault) int { return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Seq, b.Seq)) })
	return r, nil
}

// begin takes up a chain at its first entry, or where a part of it starts.
func begin(tenant string, marks, starts []Checkpoint) *chain {
	c := &chain{tenant: tenant, marks: marks}
	for _, s := range starts {
		if s.Tenant == tenant {
			c.seq, c.signed, c.hash = s.Seq, s.Seq, s.Hash
		}
	}
	for len(c.marks) > 0 && c.marks[0].Seq <= c.seq {
		c.marks = c.marks[1:]
	}
	return c
}

// step holds one entry against the one before it and against the checkpoints of its place.
func (r *Report) step(c *chain, row usher.AuditRecord, scratch []byte) []byte {
	switch {
	case row.Seq == c.seq+1:
	case row.Seq > c.seq+1:
		r.fault(Fault{
			Kind: Missing, Tenant: c.tenant, Seq: c.seq + 1, ID: row.ID,
			Message: fmt.Sprintf("entries %d to %d are missing", c.seq+1, row.Seq-1),
		})
	default:
		r.fault(Fault{Kind: OutOfOrder, Tenant: c.tenant, Seq: row.Seq, ID: row.ID, Message: fmt.Sprintf("entry %d stands behind entry %d", row.Seq, c.seq)})
	}
	follows := row.Seq == c.seq+1
	hash, scratch := row.Link(c.hash, scratch)
	if follows && hash != row.Hash {
		r.fault(Fault{
			Kind: Changed, Tenant: c.tenant, Seq: row.Seq, ID: row.ID,
			Message: fmt.Sprintf("entry %d does not follow from entry %d: one of them was changed", row.Seq, c.seq),
		})
	}
	// Going on from the hash that is stored shows every change once, and not all that follow from it.
	c.seq, c.hash = row.Seq, row.Hash
	for len(c.marks) > 0 && c.marks[0].Seq <= row.Seq {
		r.mark(c, c.marks[0], row)
		c.marks = c.marks[1:]
	}
	return scratch
}

func (r *Report) mark(c *chain, m Checkpoint, row usher.AuditRecord) {
	switch {
	case m.Seq < row.Seq: // the gap is a fault already
	case m.Hash != row.Hash:
		r.fault(Fault{
			Kind: Rewritten, Tenant: c.tenant, Seq: m.Seq, ID: row.ID,
			Message: fmt.Sprintf("entry %d has another hash than %s: what stands up to it was written anew", m.Seq, m.source()),
		})
	case len(m.Signature) > 0:
		r.Checkpoints++
		c.signed = m.Seq
	}
}

// end takes leave of a chain: checkpoints that are still ahead tell of entries that are not there any more.
func (r *Report) end(c *chain) {
	r.Unsigned += c.seq - c.signed
	if n := len(c.marks); n > 0 {
		last := c.marks[n-1]
		r.fault(Fault{
			Kind: Cut, Tenant: c.tenant, Seq: c.seq + 1,
			Message: fmt.Sprintf("the trail ends at entry %d, and %s says %d: its end was cut off", c.seq, last.source(), last.Seq),
		})
	}
}

func (c Checkpoint) source() string {
	if len(c.Signature) == 0 {
		return "the end that is noted in the database"
	}
	return "the checkpoint of " + c.At.UTC().Format(timeForm)
}
