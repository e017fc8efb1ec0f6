package trace

import "net/http"

// Answer is the writer of an answer that remembers what was said with it.
type Answer struct {
	http.ResponseWriter
	status int // 0: nothing was said yet
}

// Watch puts an [Answer] before a writer.
func Watch(w http.ResponseWriter) *Answer { return &Answer{ResponseWriter: w} }

// WriteHeader notes the first final status and sends it on.
func (a *Answer) WriteHeader(status int) {
	if a.status == 0 && status >= http.StatusOK {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write sends a part of the body.
func (a *Answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap lets [http.ResponseController] reach the connection.
func (a *Answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Begun tells whether the status is out: nothing else can be answered any more.
func (a *Answer) Begun() bool { return a.status != 0 }

// Status gives the status of the answer; 200, as the server does, where a handler ended without a word.
func (a *Answer) Status() int {
	if a.status == 0 {
		return http.StatusOK
	}
	return a.status
}

// Method gives a request's method for a log or a figure, or "other" for one that its sender made up.
func Method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	}
	return "other"
}
