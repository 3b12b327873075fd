import Testing

@testable import basespacefs

@Suite("Sizes")
struct ByteSizeTests {
    @Test(
        "Numbers with and without a unit",
        arguments: [
            ("0", 0), ("67108864", 64 << 20), ("64M", 64 << 20), ("64m", 64 << 20), ("64MiB", 64 << 20),
            ("1.5G", 3 << 29),
            ("10GiB", 10 << 30), ("2T", 2 << 40), ("512K", 512 << 10), ("100B", 100), ("10MB", 10_000_000),
            ("0.5k", 512), ("1kB", 1000), ("8191P", nil),
        ] as [(String, Int64?)]
    )
    func accepted(text: String, bytes: Int64?) {
        #expect(ByteSize(argument: text)?.bytes == bytes)
    }

    @Test(
        "What is no size",
        arguments: [
            "", "M", "-1", "+1", "1,5G", "1..5G", ".5G", "1.", "5.M", "1 G", "1e9", "0x10", "10X", "10MM",
            "9223372036854775808",
            "9999999999T", "99999999999999999999.5G", "٣M", "nan", "inf",
        ]
    )
    func refused(text: String) {
        #expect(ByteSize(argument: text) == nil)
    }

    @Test("A size is shown in the largest unit that divides it, and reads back the same")
    func description() {
        let sizes: [(Int64, String)] = [
            (0, "0"), (1000, "1000"), (10 << 30, "10G"), (3 << 29, "1536M"), (5 << 20, "5M"),
        ]
        for (bytes, text) in sizes {
            #expect(ByteSize(bytes: bytes).description == text)
            #expect(ByteSize(argument: text)?.bytes == bytes)
        }
    }

    @Test("For people a size has one decimal")
    func approximate() {
        #expect(ByteSize(bytes: 310).approximate == "310 bytes")
        #expect(ByteSize(bytes: 3 << 29).approximate == "1.5 GiB")
        #expect(ByteSize(bytes: 1 << 20).approximate == "1.0 MiB")
        #expect(ByteSize(bytes: (2 << 20) - 1).approximate == "1.9 MiB")
        #expect(ByteSize(bytes: .max).approximate == "8388607.9 TiB")
    }
}
