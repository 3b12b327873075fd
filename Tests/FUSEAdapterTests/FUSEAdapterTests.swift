// FUSEAdapter
