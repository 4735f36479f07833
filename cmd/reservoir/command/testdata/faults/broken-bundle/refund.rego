package travel.refund

result := {"decision": undefined_name}
