// BaseSpaceFileSystem
