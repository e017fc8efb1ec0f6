// Package eval measures how well machine readable zones are read, over a folder of pictures with a manifest.
//
// The way of the data: manifest.json and images/ → [Load] → [Run], which decodes and reads each picture and compares what was
// read with what stands there (score.go) → an [Outcome] for each picture → [Summarise], which gives [Figures], of all or of
// one kind. The comparison knows nothing of how reading works: it is told the lines, the fields a person should look at, and time.
package eval
