import BaseSpaceAPI
import CLinux

extension EntityReference {
    /// What a path in a mount refers to, by its extended attribute `user.basespace.href`: `v1pre3/samples/17`. `nil` if it is
    /// nothing that has an id.
    init?(atPath path: String) {
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = CLinux_extendedAttribute(path, "user.basespace.href", &buffer, UInt(buffer.count))
        guard count > 0 else { return nil }
        let parts = String(decoding: buffer.prefix(count), as: UTF8.self).split(separator: "/")
        guard parts.count == 3, parts[1].hasSuffix("s"), let kind = EntityKind(word: String(parts[1].dropLast())) else {
            return nil
        }
        self.init(kind, EntityID(String(parts[2])))
    }
}
