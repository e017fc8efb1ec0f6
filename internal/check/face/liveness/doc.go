// Package liveness is the built-in provider of the liveness check: the capture challenge, and an honest account of what it is worth.
//
// The hosted page draws two or three movements (turn left, turn right, come closer) and sends, within the time of the challenge, one picture of
// all its frames: a sheet of rows and columns, straight ahead in the first row, then a row for each movement in the order asked. Here every
// frame is measured anew: one face, where its eyes and nose are, how far they have moved from those of the first row. What the page thinks of
// its frames is never asked.
//
// A passed challenge means that somebody whose face moved as this server asked, in the time it gave, was filmed, or that somebody steered a
// picture that well: a mask, an avatar or a camera that is not one passes too. It is not tested to ISO/IEC 30107-3, so the assurance is
// assisted and no session is approved by it alone. Where no challenge was taken the outcome is not_run; a failed one asks for a reviewer.
//
// The way of the data: evidence of kind liveness with its challenge → [picture.Intake] → cells → [face.Finder] → measures → usher.CheckResult.
// The adapters rekognition and regula, in folders of their own, take the place of this check where a tested engine is at hand.
package liveness
