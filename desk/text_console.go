package desk

// What people read in the console and on the tracking page when something cannot be done.
const (
	SignInFailed    Text = "E-mail or password is wrong"
	CodeWrong       Text = "The code is wrong or was used already"
	SessionEnded    Text = "Your session has ended. Sign in again"
	TriedTooOften   Text = "Too many tries. Try again in {0} minutes"
	RoleCannot      Text = "Your role does not allow this"
	FormForeign     Text = "This form is not from our page. Load the page again, then send it once more"
	PageNotFound    Text = "Page not found"
	TrackingRefused Text = "The number or the tracking code is wrong"
	TooManyViews    Text = "There are {0} views already. Delete one that is not needed"
	LinkEnded       Text = "This link is no longer valid. Enter the tracking code"
	FormUnreadable  Text = "The form cannot be read. Load the page again, then send it once more"
	FormTooLarge    Text = "The form holds more text than is accepted"
	SearchTooShort  Text = "Type at least two letters, a number or another identifier"
	PasswordWrong   Text = "The current password is wrong"
	PasswordSame    Text = "The new password is the old one. Choose another one"
	PersonNotFound  Text = "There is no such employee"
	SessionNotFound Text = "There is no such session"
	LastAdmin       Text = "You are the last active administrator. Give somebody else the role first"
	BranchRefused   Text = "{field} does not name an office of the bank"
	TooManyPages    Text = "{0} pages are open already. Close one that is not needed"
	FactorExists    Text = "There is a second factor already. Remove it first"
	FactorMissing   Text = "There is no second factor"
	AmountUnclear   Text = "{field} is not clear. Write 500.000 or 500000; with sen 500.000,50"
	FactorPlanOver  Text = "Setting up the second factor took too long. Begin again"
)
