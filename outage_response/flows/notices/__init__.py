"""Words to residents: made from templates, and delivered by mail, SMS, telephone or poster."""
