package console

// english words every text of the pages in English, by its Indonesian wording.
func english() map[string]string {
	return map[string]string{}
}
