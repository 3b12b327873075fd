import ArgumentParser

/// A number of bytes as people write it: `67108864`, `64M`, `1.5G`, `10GiB`.
///
/// `K`, `M`, `G`, `T` and `KiB`, `MiB`, … are powers of 1024, as in `mount`, `du` and `mountpoint-s3`; `kB`, `MB`, …
/// are powers of 1000, as on the labels of disks. Case does not matter.
struct ByteSize: Hashable, Sendable, ExpressibleByArgument, CustomStringConvertible {
    /// The bytes; never negative.
    var bytes: Int64

    /// A size in bytes.
    init(bytes: Int64) {
        self.bytes = bytes
    }

    /// So many units of 2^20 bytes.
    static func mebibytes(_ count: Int64) -> ByteSize {
        ByteSize(bytes: count << 20)
    }

    /// So many units of 2^30 bytes.
    static func gibibytes(_ count: Int64) -> ByteSize {
        ByteSize(bytes: count << 30)
    }

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
        guard let unit = Self.units[argument.dropFirst(digits.count).lowercased()],
            digits.first?.isNumber == true, digits.last?.isNumber == true
        else { return nil }
        if let whole = Int64(digits) {
            let (bytes, overflow) = whole.multipliedReportingOverflow(by: unit)
            guard !overflow else { return nil }
            self.bytes = bytes
        } else {
            // Fractions are for people; beyond 2^53 bytes nobody writes one.
            guard let number = Double(digits), number * Double(unit) < 0x1p53 else { return nil }
            bytes = Int64(number * Double(unit))
        }
    }

    private static let units: [String: Int64] = [
        "": 1, "b": 1,
        "k": 1 << 10, "kib": 1 << 10, "kb": 1000,
        "m": 1 << 20, "mib": 1 << 20, "mb": 1_000_000,
        "g": 1 << 30, "gib": 1 << 30, "gb": 1_000_000_000,
        "t": 1 << 40, "tib": 1 << 40, "tb": 1_000_000_000_000,
    ]

    /// The size in the largest unit that divides it: `10G`, `512M`, `1000`.
    var description: String {
        for (shift, letter) in [(40, "T"), (30, "G"), (20, "M"), (10, "K")] where bytes != 0 {
            if bytes & (1 << shift - 1) == 0 {
                return "\(bytes >> shift)\(letter)"
            }
        }
        return String(bytes)
    }

    var defaultValueDescription: String { description }

    /// The size for people, with one decimal: `1.5 GiB`, `310 bytes`.
    var approximate: String {
        for (shift, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")] where bytes >= 1 << shift {
            let rest = bytes & (1 << shift - 1)
            return "\(bytes >> shift).\((rest * 10) >> shift) \(unit)"
        }
        return "\(bytes) bytes"
    }
}
