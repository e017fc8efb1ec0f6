// Package face is the built-in provider of the face check.
//
// It finds faces on the selfie and on the front of the document with pigo, measures them, and then says plainly what it
// cannot do: tell whether they are the same person. No face matcher worth the name can be embedded without trained
// weights, so without a [Matcher] the outcome is "consider" with the reason face_not_compared, and a reviewer looks at
// the two pictures side by side. What it can find by itself is that there is nothing to compare: no face, several, or one
// too small to judge; each of those has a reason that asks for a better picture.
//
// The way of the data: evidence → picture.Intake → [Finder] → reasons and findings in a usher.CheckResult. Pictures and
// boxes stay in memory for the length of one check; no template of a face is made or kept.
package face
