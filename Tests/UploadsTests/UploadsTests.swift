// Uploads
