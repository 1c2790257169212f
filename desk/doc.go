// Package desk holds the nouns of the service desk (ticket, claim, comment, customer, partner, event, …) and the
// pure rules about them. It knows no SQL, no HTTP, no log and no clock: the time is always an argument.
package desk
