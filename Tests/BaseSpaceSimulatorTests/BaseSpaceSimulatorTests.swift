// BaseSpaceSimulator
