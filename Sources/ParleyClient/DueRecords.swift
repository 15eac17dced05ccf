package import ParleyCore
package import ParleyStore

extension ReadTransaction {
    /// The indicators and judgments that are due for a look, with the reason, in the order of ids.
    /// - Parameter ids: look only at these.
    package func due(
        _ rule: DueRule, among ids: Set<RecordID>? = nil
    ) throws -> [(record: RecordName, reason: DueReason)] {
        let filters = ids.map { [RecordFilter.among($0)] } ?? []
        return try dueIndicators(rule, filters) + dueJudgments(rule, filters)
    }

    private func dueIndicators(_ rule: DueRule, _ filters: [RecordFilter]) throws -> [(
        record: RecordName, reason: DueReason
    )] {
        guard let kind = Schema.assessments[name: "indicator"] else { return [] }
        let over = ["seen", "retired"].map(Value.text)
        let query = RecordQuery(
            filters + [.kinds([kind.tag]), .not(.field("state", oneOf: over))], order: [RecordOrder(.id)],
            columns: ["state", "window", "checked"])
        return try self.query(query).rows.compactMap { row in
            let dates = row.values.map { $0.text.flatMap { CivilDate($0) } }
            let created = Day(Instant(milliseconds: row.bookkeeping.created))
            return rule.indicator(
                state: row.values[0].text, window: dates[1], checked: dates[2], created: created
            ).map { (row.name, $0) }
        }
    }

    private func dueJudgments(_ rule: DueRule, _ filters: [RecordFilter]) throws -> [(
        record: RecordName, reason: DueReason
    )] {
        guard let kind = Schema.assessments[name: "judgment"] else { return [] }
        let query = RecordQuery(
            filters + [
                .kinds([kind.tag]), .range("due", from: nil, through: .text(rule.today.text)),
                .not(.isSet("outcome")),
            ], order: [RecordOrder(.id)], columns: ["due"])
        return try self.query(query).rows.compactMap { row in
            let due = row.values[0].text.flatMap { CivilDate($0) }
            return rule.judgment(due: due, isSettled: false).map { (row.name, $0) }
        }
    }
}
