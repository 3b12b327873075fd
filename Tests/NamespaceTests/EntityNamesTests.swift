import BaseSpaceAPI
import Namespace
import TestSupport
import Testing

@Suite struct EntityNamesTests {
    @Test(arguments: [
        ("RNA Amplicon 07/24/2018 1:39:05", "RNA Amplicon 07_24_2018 1:39:05"),
        ("HiSeq X Ten: TruSeq (16 replicates)", "HiSeq X Ten: TruSeq (16 replicates)"),
        ("a\u{0}b\nc\u{7f}\u{85}d", "a_b_c__d"),
        (".hidden", "_.hidden"),
        ("..", "_.."),
        ("", "_"),
        ("trailing blanks  ", "trailing blanks  "),
    ])
    func namesBecomeLegal(name: String, expected: String) {
        #expect(EntityNames.legal(name) == expected)
    }

    @Test func longNamesAreCutAtACharacter() {
        // 84 characters of 3 bytes and one of 4: the last one does not fit into 255 bytes.
        let name = String(repeating: "€", count: 84) + "🧬"
        #expect(EntityNames.legal(name) == String(repeating: "€", count: 84))
        // A base with combining marks is one character and is not torn apart.
        let marked = String(repeating: "x", count: 252) + "e\u{301}\u{302}"
        #expect(EntityNames.legal(marked) == String(repeating: "x", count: 252))
        // Unless it is all there is.
        let accents = "a" + String(repeating: "\u{301}", count: 200)
        #expect(EntityNames.legal(accents) == "a" + String(repeating: "\u{301}", count: 127))
        #expect(EntityNames.unique([("1", accents), ("2", accents)])[1].hasSuffix(" (2)"))
    }

    @Test func theLowestIDKeepsThePlainName() {
        #expect(
            EntityNames.unique([("30", "A"), ("9", "A"), ("100", "A"), ("1", "B")])
                == ["A (30)", "A", "A (100)", "B"]
        )
    }

    @Test func whatWasMadeFirstKeepsThePlainNameWhateverItsID() {
        let entities: [(id: EntityID, name: String, created: Timestamp?)] = [
            ("ds.1a", "A", Timestamp(seconds: 20)), ("ds.9f", "A", Timestamp(seconds: 10)),
            ("ds.55", "A", Timestamp(seconds: 20)), ("ds.00", "A", nil),
        ]
        #expect(EntityNames.unique(entities) == ["A (ds.1a)", "A", "A (ds.55)", "A (ds.00)"])
    }

    @Test func aNameThatLooksLikeASuffixStaysUnique() {
        #expect(
            EntityNames.unique([("3", "A (12)"), ("5", "A"), ("12", "A")]) == ["A (12)", "A", "A (12.2)"]
        )
    }

    @Test func aSuffixThatIsTakenAtFullLengthEndsToo() {
        let long = String(repeating: "n", count: 255)
        let names = EntityNames.unique([("3", long), ("4", long.dropLast(4) + " (5)"), ("5", long)])
        #expect(Set(names).count == 3)
        #expect(names[2].hasSuffix(" (5.2)"))
    }

    @Test func longDuplicatesKeepTheirSuffix() {
        let long = String(repeating: "n", count: 300)
        let names = EntityNames.unique([("1", long), ("22", long)])
        #expect(names[0].utf8.count == 255)
        #expect(names[1].hasSuffix(" (22)"))
        #expect(names[1].utf8.count == 255)
    }

    /// Whatever the service sends: names are legal, unique, and no new entity changes the name of an old one.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func namesAreLegalUniqueAndStable(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabet = [
            "a", "b", ".", "/", " ", "(", ")", "1", "2", "\u{0}", "é", "🧬", String(repeating: "w", count: 130),
        ]
        // Ids that grow, or that mean nothing, as those of datasets.
        let hasTimes = seed % 2 == 0
        var entities: [(id: EntityID, name: String, created: Timestamp?)] = []
        for id in 1...60 {
            let length = Int.random(in: 0...3, using: &random)
            let name = (0..<length).map { _ in alphabet.randomElement(using: &random) ?? "" }.joined()
            let hash = String(UInt64.random(in: .min ... .max, using: &random), radix: 16)
            entities.append(
                hasTimes
                    ? (EntityID("ds.\(hash)"), name, Timestamp(seconds: Int64(id)))
                    : (EntityID(String(id)), name, nil)
            )
        }
        let names = EntityNames.unique(entities)
        #expect(Set(names).count == names.count, "seed \(seed)")
        for name in names {
            #expect(name.utf8.count <= 255 && !name.isEmpty && name.utf8.first != UInt8(ascii: "."), "seed \(seed)")
            #expect(!name.utf8.contains { $0 == UInt8(ascii: "/") || $0 < 0x20 }, "seed \(seed)")
        }
        let fewer = EntityNames.unique(Array(entities.prefix(40)))
        #expect(Array(names.prefix(40)) == fewer, "seed \(seed)")
        let order = Array(entities.indices).shuffled(using: &random)
        let shuffled = EntityNames.unique(order.map { entities[$0] })
        #expect(order.map { names[$0] } == shuffled, "seed \(seed)")
    }
}

extension EntityNames {
    /// The same of entities of which nobody knows when they were made.
    fileprivate static func unique(_ entities: [(id: EntityID, name: String)]) -> [String] {
        unique(entities.map { ($0.id, $0.name, nil) })
    }
}
