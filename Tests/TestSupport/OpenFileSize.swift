import Glibc

/// The size of an open file in bytes; 0 of what is no open file.
public func sizeOfOpenFile(_ descriptor: CInt) -> Int {
    var status = stat()
    return fstat(descriptor, &status) == 0 ? Int(status.st_size) : 0
}
