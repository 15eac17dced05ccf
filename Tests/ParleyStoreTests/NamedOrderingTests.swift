import ParleyCore
import ParleyStore
import Testing

/// The orderings that people ask about, each with a name.
@Suite struct NamedOrderingTests {
    let folder = ScratchFolder()
    let record = name(3, 7)
    let title = RegisterName(field: 1)

    /// Applies the changes in both orders (as far as they are concurrent) to two replicas and returns what the
    /// first shows; the second must show the same.
    private func merge(_ common: [Change], _ concurrent: [Change], then last: [Change] = []) throws
        -> NaiveModel.Record
    {
        let stores = [try folder.store("x"), try folder.store("y")]
        for (store, middle) in zip(stores, [concurrent, concurrent.reversed()]) {
            for change in common + middle + last { try store.write { _ = try $0.append([change.arrival]) } }
        }
        let shown = try #require(try stores[0].modelled(record))
        #expect(try stores[1].modelled(record) == shown)
        #expect(
            try MergeLawTests.difference(MergeLawTests.dump(stores[0]), MergeLawTests.dump(stores[1])) == [])
        return shown
    }

    private func write(_ field: UInt32, _ text: String) -> [RegisterWrite] {
        [RegisterWrite(record, field, .text(text))]
    }

    @Test func twoAnalystsEditDifferentFields() throws {
        var (olga, ken) = (Author(0), Author(1))
        let result = try merge(
            [],
            [
                olga.write(write(1, "Port closure")), ken.write(write(18, "Two sources")),
            ])
        #expect(result.registers[title]?.value == .text("Port closure"))
        #expect(result.registers[RegisterName(field: 18)]?.value == .text("Two sources"))
        #expect(result.review == 0)
    }

    @Test func theLaterOfTwoUnseenWritesIsShownAndTheOtherSetAside() throws {
        var (olga, ken) = (Author(0), Author(1))
        let (first, second) = (olga.write(write(1, "a"), wall: 5), ken.write(write(1, "b"), wall: 9))
        let result = try merge([], [first, second])
        #expect(result.registers[title]?.value == .text("b"))
        #expect(result.registers[title]?.aside == [AsideHead(origin: first.header.origin, value: .text("a"))])
        #expect(result.review == 1)
        #expect(result.author == "olga" && result.changedBy == "ken")
    }

    @Test func ofTwoWritesAtOneMomentTheGreaterDeviceIsShown() throws {
        var (olga, ken) = (Author(0), Author(1))
        let result = try merge([], [olga.write(write(1, "a"), wall: 5), ken.write(write(1, "b"), wall: 5)])
        #expect(result.registers[title]?.value == .text("b"))
    }

    @Test func theLoserHadSeenTheWinner() throws {
        var (olga, ken) = (Author(0), Author(1))
        let first = olga.write(write(1, "a"), wall: 9)
        ken.receive(first)
        let second = ken.write(write(1, "b"), wall: 1)
        let result = try merge([first], [second])
        #expect(result.registers[title]?.value == .text("b"))
        #expect(result.review == 0)
    }

    @Test func threeHeadsAndOneResolver() throws {
        var authors = [Author(0), Author(1), Author(2)]
        let heads = authors.indices.map { authors[$0].write(write(1, "\($0)"), wall: Int64($0)) }
        #expect(try merge([], heads).review == 2)
        for head in heads { authors[0].receive(head) }
        let result = try merge2(heads, authors[0].write(write(1, "all")))
        #expect(result.registers[title]?.value == .text("all"))
        #expect(result.review == 0)
    }

    private func merge2(_ heads: [Change], _ last: Change) throws -> NaiveModel.Record {
        let other = NamedOrderingTests()
        return try other.merge([], heads, then: [last])
    }

    @Test func equalValuesFromTwoImportsStayHeadsButNeedNoReview() throws {
        var (olga, ken) = (Author(0), Author(1))
        let act = Act(.importing, [.source: .text("feed")])
        let result = try merge(
            [],
            [
                olga.write(write(1, "same"), act: act, wall: 1),
                ken.write(write(1, "same"), act: act, wall: 2),
            ])
        #expect(result.registers[title]?.equal.count == 1)
        #expect(result.review == 0)
    }

    @Test func aHeadThatWasEqualDiffersAgainAfterAThirdWrite() throws {
        var (olga, ken, mia) = (Author(0), Author(1), Author(2))
        let first = olga.write(write(1, "same"), wall: 1)
        let second = ken.write(write(1, "same"), wall: 2)
        mia.receive(second)
        let third = mia.write(write(1, "other"), wall: 3)
        let result = try merge([second], [first, third])
        #expect(result.registers[title]?.aside.map(\.value) == [.text("same")])
    }

    @Test func twoTagsAddedAtOnceBothLive() throws {
        var (olga, ken) = (Author(0), Author(1))
        let result = try merge(
            [],
            [
                olga.write([RegisterWrite(record, 8, "moscow", .bool(true))]),
                ken.write([RegisterWrite(record, 8, "ports", .bool(true))]),
            ])
        #expect(result.registers.count == 2)
    }

    @Test func nobodyOverwritesAColleaguesRatingButVoicesAreOpenToAll() throws {
        var ken = Author(1)
        let change = ken.write([
            RegisterWrite(record, 22, "olga", .tuple([.text("agree")])),
            RegisterWrite(record, 22, "~Петрова", .tuple([.text("agree")])),
        ])
        let result = try merge([], [change])
        #expect(Array(result.registers.keys) == [RegisterName(field: 22, key: "~Петрова")])
        #expect(try folder.store("x").read { try $0.counts().voided } == 1)
    }

    @Test func aChangesetOfVoidWritesAloneMakesNoRecord() throws {
        var ken = Author(1)
        let store = try folder.store()
        let change = ken.write([RegisterWrite(record, 22, "olga", .null)])
        try store.write { _ = try $0.append([change.arrival]) }
        #expect(try store.read { try $0.exists(record) } == false)
    }

    @Test func aDeletionThatHasNotSeenAnEditIsReportedUntilSomebodyDecides() throws {
        var (olga, ken) = (Author(0), Author(1))
        let made = olga.write(write(1, "a"))
        ken.receive(made)
        let deletion = olga.write([RegisterWrite(record, 7, .bool(true))])
        let edit = ken.write(write(2, "more"))
        _ = try merge([made], [deletion, edit])
        #expect(try folder.store("x").overlookedPairs(record).count == 1)
        ken.receive(deletion)
        let decision = ken.write([RegisterWrite(record, 7, .bool(false))])
        for name in ["x", "y"] {
            let store = try folder.store(name)
            try store.write { _ = try $0.append([decision.arrival]) }
            #expect(try store.overlookedPairs(record) == [])
            #expect(try store.read { try $0.image(of: record)?[2] } == .text("more"))
        }
    }

    @Test func aClearedFieldRemembersThatItWasCleared() throws {
        var olga = Author(0)
        let result = try merge([olga.write(write(1, "a"))], [olga.write([RegisterWrite(record, 1, .null)])])
        #expect(result.registers[title]?.value == .null)
    }

    @Test func aTupleIsWonAndLostWhole() throws {
        var (olga, ken) = (Author(0), Author(1))
        let mine = Value.tuple([.text("yes"), .text("2026-11-02")])
        let theirs = Value.tuple([.text("no"), .null, .bytes(Array(repeating: 9, count: 16))])
        let result = try merge(
            [],
            [
                olga.write([RegisterWrite(record, 21, mine)], wall: 1),
                ken.write([RegisterWrite(record, 21, theirs)], wall: 2),
            ])
        #expect(result.registers[RegisterName(field: 21)]?.value == theirs)
        #expect(result.registers[RegisterName(field: 21)]?.aside.map(\.value) == [mine])
    }
}
