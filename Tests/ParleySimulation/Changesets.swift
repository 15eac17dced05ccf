internal import ParleyCore

/// Everything that the server's log holds in the end, taken apart, with what the ledger knows of it.
struct Changesets {
    struct Item {
        let deed: Int
        let header: ChangesetHeader
        let hash: [UInt8]
        let bytes: [UInt8]
        /// The body, read by the protocol's own rules; nil where it cannot be read.
        let body: ChangesetBody?
    }

    private(set) var items: [Item] = []
    private var places: [Int: Int] = [:]

    init(of log: SQLConnection, _ ledger: inout Ledger) throws {
        var rows: [(hash: [UInt8], bytes: [UInt8])] = []
        try log.each("SELECT hash, bytes FROM changeset ORDER BY device, number") {
            rows.append(($0.bytes(0), $0.bytes(1)))
        }
        for row in rows {
            let header = try ChangesetHeader.decode(row.bytes).header
            let deed = try ledger.deed(row.hash, row.bytes)
            places[deed] = items.count
            items.append(
                Item(
                    deed: deed, header: header, hash: row.hash, bytes: row.bytes,
                    body: try ledger.body(of: row.bytes)))
        }
    }

    subscript(deed deed: Int) -> Item? { places[deed].map { items[$0] } }

    /// Stamps increase along each chain and exceed those of all that their author held; contexts say exactly
    /// what that was.
    func check(_ ledger: Ledger) throws {
        var chains: [DeviceID: DeedSet] = [:]
        for item in items { chains[item.header.change.device, default: DeedSet()].insert(item.deed) }
        var context = Frontier()
        for (index, item) in items.enumerated() {
            let header = item.header
            if header.change.number == 1 { context = Frontier() }
            context.merge(header.context)
            if index > 0, header.change.number > 1, items[index - 1].header.stamp >= header.stamp {
                throw Failure("stamps increase", "\(ledger.deeds[item.deed].note)")
            }
            let held = ledger.deeds[item.deed].held
            try check(held, before: item, ledger)
            for (device, chain) in chains where device != header.change.device {
                let said = chain.members.filter {
                    context[device] >= (self[deed: $0]?.header.change.number ?? 0)
                }
                let really = chain.members.filter { held.contains($0) }
                if said != really {
                    throw Failure(
                        "contexts",
                        "\(name(item, ledger)) says it saw \(said.compactMap { self[deed: $0] }.map { name($0, ledger) }), "
                            + "not \(really.compactMap { self[deed: $0] }.map { name($0, ledger) })"
                    )
                }
            }
        }
    }

    private func name(_ item: Item, _ ledger: Ledger) -> String {
        let change = item.header.change
        return "\(ledger.deeds[item.deed].note) (\(change.device.text.prefix(4)) \(change.number))"
    }

    private func check(_ held: DeedSet, before item: Item, _ ledger: Ledger) throws {
        for other in items where held.contains(other.deed) && other.header.stamp >= item.header.stamp {
            throw Failure(
                "stamps exceed their context",
                "\(ledger.deeds[item.deed].note) is not later than \(ledger.deeds[other.deed].note)")
        }
    }
}
