/// The membership statements that a replica or a server holds of one workspace. A set: what it holds and
/// what its digest is do not depend on the order or the number of times statements arrived.
package struct StatementSet: Equatable, Sendable {
    /// Statements of one workspace at most.
    package static let most = 16_384

    package private(set) var statements: [StatementHash: Statement] = [:]

    package init() {}

    package init(_ statements: some Sequence<Statement>) throws(TrustError) {
        for statement in statements { try insert(statement) }
    }

    /// - Returns: whether it is new.
    @discardableResult
    package mutating func insert(_ statement: Statement) throws(TrustError) -> Bool {
        guard statements[statement.hash] == nil else { return false }
        guard statements.count < Self.most else { throw TrustError(.tooManyStatements, at: "statements") }
        statements[statement.hash] = statement
        return true
    }

    package subscript(hash: StatementHash) -> Statement? { statements[hash] }
    package var count: Int { statements.count }
    package var hashes: [StatementHash] { statements.keys.sorted() }
    /// All statements as they are sent, ascending by hash.
    package var bytes: [[UInt8]] { hashes.compactMap { statements[$0]?.bytes } }

    /// The grant by whose invite this enrolment was signed: a server compares its `until` with its own clock.
    package func grant(usedBy enrolment: Statement) -> Grant? {
        for case .grant(let grant)? in enrolment.restsOn.map({ statements[$0]?.content })
        where grant.invite == enrolment.signer { return grant }
        return nil
    }

    /// SHA-256 over a label and all hashes, ascending: two sets are equal if their digests are.
    package var digest: [UInt8] {
        Label.statementSet.hash(hashes.flatMap(\.bytes))
    }

    /// Those of `offered` that verify and are not held here. What does not hold is passed over: one bad
    /// statement stops nobody's good ones. What is held is not verified again.
    package func news(among offered: [[UInt8]]) -> [Statement] {
        offered.compactMap { bytes in
            guard let read = try? Statement(held: bytes), self[read.hash] == nil else { return nil }
            return try? Statement(received: bytes)
        }
    }
}
