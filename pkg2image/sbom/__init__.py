"""What is in an image, for those who have to know: bills of materials, licences, sources."""
