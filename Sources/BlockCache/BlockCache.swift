// BlockCache
