"""Words to residents: made from templates, delivered by mail, SMS, telephone list or poster."""
