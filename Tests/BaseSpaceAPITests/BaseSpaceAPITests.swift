// BaseSpaceAPI
