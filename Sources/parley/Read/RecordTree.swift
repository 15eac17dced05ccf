import ParleyClient
import ParleyCore
import ParleyStore
import ParleyTerminal

/// A record and all below it by `parent`, as an indented list of titles: of each, the kinds in
/// the order of the schema.
struct RecordTree {
    let tx: ReadTransaction
    let naming: Naming
    let console: Console

    private struct Node {
        var record: RecordName
        var title: String
        var order: String
        var parent: RecordID?
    }

    init(_ tx: ReadTransaction, _ naming: Naming, _ console: Console) {
        self.tx = tx
        self.naming = naming
        self.console = console
    }

    func show(_ roots: [RecordName]) throws {
        let nodes = try roots.map { root in
            let below = try tx.query(RecordQuery([.under(root.id)])).rows.map(\.name)
            return try node(root, below)
        }
        if console.options.json {
            return try console.line((nodes.count == 1 ? nodes[0].json : .array(nodes.map(\.json))).line)
        }
        var lines: [String] = []
        for node in nodes { node.write(into: &lines, depth: 0, console.out.colour) }
        try console.page(lines)
    }

    private struct Branch {
        var name: String
        var whole: String
        var kind: String
        var title: String
        var children: [Branch]

        var json: JSON {
            [
                "id": .text(whole), "kind": .text(kind), "title": .text(title),
                "children": .array(children.map(\.json)),
            ]
        }

        func write(into lines: inout [String], depth: Int, _ colour: Colour) {
            let indent = String(repeating: "  ", count: depth)
            lines.append(indent + colour.paint(name, .strong) + "  " + kind + "  " + visible(title))
            for child in children { child.write(into: &lines, depth: depth + 1, colour) }
        }
    }

    private func node(_ root: RecordName, _ below: [RecordName]) throws -> Branch {
        var children: [RecordID: [Node]] = [:]
        for record in below {
            guard let image = try tx.image(of: record), let parent = image[Field.parentTag].ref else {
                continue
            }
            let node = Node(
                record: record, title: image.headline(naming), order: image[Field.orderTag].text ?? "",
                parent: parent)
            children[parent, default: []].append(node)
        }
        let title = try tx.image(of: root)?.headline(naming) ?? ""
        var seen: Set<RecordID> = []
        return try branch(Node(record: root, title: title, order: ""), children, &seen)
    }

    private func branch(_ node: Node, _ children: [RecordID: [Node]], _ seen: inout Set<RecordID>) throws
        -> Branch
    {
        seen.insert(node.record.id)
        let below = (children[node.record.id] ?? []).filter { !seen.contains($0.record.id) }
            .sorted { ($0.record.kind, $0.order, $0.record) < ($1.record.kind, $1.order, $1.record) }
        var branches: [Branch] = []
        for child in below { branches.append(try branch(child, children, &seen)) }
        return Branch(
            name: try naming.short(node.record), whole: node.record.fullAddress, kind: node.record.kindName,
            title: node.title, children: branches)
    }
}

extension Field {
    static let orderTag: UInt32 = 3
    static let parentTag: UInt32 = 4
}
