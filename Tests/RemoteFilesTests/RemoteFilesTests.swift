// RemoteFiles
