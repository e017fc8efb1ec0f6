// Package eval measures how well screening finds who is listed and how often it stops who is not. It draws queries from a seed: listed names with
// slips of the pen, aliases left out of the index, and clean customers made of frequent names of many places (customers.txt, drawn from no list). It
// reports the share found at one threshold beside the share of clean customers that are hit at the same threshold, and how fast searches were.
package eval
