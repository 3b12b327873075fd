public import BaseSpaceAPI

extension BaseSpaceClient: ContentLocator {}
