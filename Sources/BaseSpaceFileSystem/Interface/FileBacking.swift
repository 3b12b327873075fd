/// A file on a local disk that has all bytes of an opened file, and keeps them: whoever serves the mount may let its programs
/// read that file instead of asking for the bytes.
public protocol FileBacking: Sendable {
    /// Names the bytes: opens with equal names have the same ones, now and always.
    var content: String { get }

    /// Calls `body` with a descriptor for reading, once, or not at all if there is no such file at the moment. The descriptor
    /// is closed afterwards; a reference to its open file description keeps the bytes for as long as it is held. Does not
    /// wait for the network.
    func withDescriptor(_ body: (CInt) -> Void)
}
