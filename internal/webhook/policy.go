package webhook

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// Policy is how one dialect's messages are sent. The zero value is the native policy: ten tries over 75 h 35 min 5 s, 15 s for each, any 2xx
// is success.
type Policy struct {
	// Schedule holds the wait before each try, the first as well; its length is the number of tries. The engine makes a new delivery due at
	// once, so the first is 0.
	Schedule []time.Duration
	// Timeout of one try with its answer and, where the endpoint wants a token, the fetching of it. At most 45 s.
	Timeout time.Duration
	// Accepts tells whether an answer means that the message was taken, for vendors who are stricter than 2xx.
	Accepts func(status int, header http.Header) bool
	// Sign sets the vendor's own signature, for endpoints whose authentication is "hmac"; nil for a dialect that has none.
	Sign func(h http.Header, secret string, at time.Time, body []byte)
	// TokenForm sends the credentials to an endpoint's token address in the form, instead of by Basic.
	TokenForm bool
}

// nativeSchedule is the one that Standard Webhooks 1.0.0 recommends.
func nativeSchedule() []time.Duration {
	return []time.Duration{
		0, 5 * time.Second, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour,
		5 * time.Hour, 10 * time.Hour, 14 * time.Hour, 20 * time.Hour, 24 * time.Hour,
	}
}

// withDefaults fills in what a dialect leaves to the native policy.
func (p Policy) withDefaults() Policy {
	if len(p.Schedule) == 0 {
		p.Schedule = nativeSchedule()
	}
	if p.Timeout == 0 {
		p.Timeout = defaultTimeout
	}
	if p.Accepts == nil {
		p.Accepts = func(status int, _ http.Header) bool { return status >= 200 && status < 300 }
	}
	return p
}

// retryAt tells when to try again after the given number of tries, and false when they are used up. Each wait is moved by up to a tenth
// either way, so that what failed together does not come back together. A receiver that asked for more time gets it.
func (p Policy) retryAt(now time.Time, tries int, asked time.Duration, rand float64) (time.Time, bool) {
	if tries >= len(p.Schedule) {
		return time.Time{}, false
	}
	wait := time.Duration(float64(p.Schedule[tries]) * (0.9 + 0.2*rand))
	return now.Add(max(wait, asked)), true
}

// maxRetryAfter bounds what a receiver can ask for: the longest wait of the native schedule.
const maxRetryAfter = 24 * time.Hour

// retryAfter reads the wait that an answer asks for (RFC 9110 section 10.2.3: seconds or a date), from 0 to 24 h. What cannot be read is 0.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 64); err == nil {
		if seconds > math.MaxInt32 {
			return maxRetryAfter
		}
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxRetryAfter)
}
